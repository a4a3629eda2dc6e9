"""Make load: any number of ChirpStack uplinks of seven values each, the same ones every time.

For benchmarks and tests, where the amount matters and the weather does not: values are drawn once and used again and
again, so that writing a message costs one formatting of bytes.
"""

import json
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipelines.simulate.tower import STATION
from pipelines.simulate.uplinks import Device, Frame, Gateway, publish

START = datetime(2026, 5, 1, tzinfo=UTC)

_GATEWAY = Gateway("0211fffe00fa0001", 48.2, 11.5, -97, 6.5)
_PAYLOADS = 1024
_RANGES = {
    "air_temperature": (5.0, 30.0),
    "relative_humidity": (30.0, 95.0),
    "solar_radiation": (0.0, 900.0),
    "wind_speed": (0.1, 9.0),
    "wind_direction": (0.0, 359.0),
    "air_pressure": (98.0, 102.5),
    "precipitation": (0.0, 2.0),
}


@dataclass(frozen=True)
class Farm:
    """What to send: `messages` counts everything, duplicates and poison too.

    Each round, every device sends one frame, `cadence_s` after the round before. A duplicate is the frame that was sent
    a round earlier, once more. Poison is a message cut off in the middle.
    """

    messages: int
    devices: int = 1000
    cadence_s: int = 600
    duplicate_share: float = 0.0
    poison_share: float = 0.0
    seed: int = 0
    tenant: str = "demo"

    @property
    def duplicates(self) -> int:
        """How many of the messages are duplicates: exactly the share, rounded down."""
        return int(self.messages * self.duplicate_share)

    @property
    def poison(self) -> int:
        """How many of the messages are poison: exactly the share, rounded down."""
        return int(self.messages * self.poison_share)

    @property
    def frames(self) -> int:
        """How many frames are sent whole, and so must be accepted once."""
        return self.messages - self.duplicates - self.poison


def messages(farm: Farm) -> Iterator[tuple[bytes, bytes]]:
    """Give (key, value) of every message in order of sending."""
    events = _events(farm)
    duplicates, poison = farm.duplicates, farm.poison
    sent_duplicates = sent_poison = 0
    sent: deque[tuple[bytes, bytes]] = deque(maxlen=farm.devices)
    for number in range(1, farm.messages + 1):
        if sent and sent_duplicates * farm.messages < duplicates * (number - 1):
            sent_duplicates += 1
            yield sent[0]
        elif sent_poison * farm.messages < poison * (number - 1):
            sent_poison += 1
            key, value = next(events)
            yield key, value[: len(value) // 2]
        else:
            event = next(events)
            sent.append(event)
            yield event


def device_ids(farm: Farm) -> list[str]:
    """Return the EUI-64 of every device, in the order in which they send."""
    return [f"0211fffe77{number:06x}" for number in range(farm.devices)]


def _events(farm: Farm) -> Iterator[tuple[bytes, bytes]]:
    payloads = _payloads(farm.seed)
    senders = [(eui.encode(), _template(farm.tenant, eui, number)) for number, eui in enumerate(device_ids(farm))]
    turn = 0
    sequence = 0
    while True:
        time = (START + timedelta(seconds=farm.cadence_s * sequence)).isoformat(timespec="seconds").encode()
        for key, template in senders:
            yield key, template % (time, sequence, payloads[turn % _PAYLOADS], time, time)
            # A step that shares no factor with the table's size, so that a device does not see one value for ever.
            turn += 7
        sequence += 1


def _payloads(seed: int) -> list[bytes]:
    draw = random.Random(seed)  # noqa: S311 - weather, not secrets
    return [
        json.dumps({key: round(draw.uniform(*limits), 2) for key, limits in _RANGES.items()}).encode()
        for _ in range(_PAYLOADS)
    ]


def _template(tenant: str, eui: str, number: int) -> bytes:
    """Return a device's message with holes for time, counter, values and the two times of receipt."""
    device = Device(eui, f"farm-{number}", STATION.profile, tuple(_RANGES))
    event = json.loads(publish(tenant, Frame(device, f"02{number:06x}", 0, START, {}), _GATEWAY).value)
    event |= {"time": "TIME", "fCnt": "COUNTER", "object": "VALUES"}
    event["rxInfo"][0] |= {"gwTime": "TIME", "nsTime": "TIME"}
    text = json.dumps(event, separators=(",", ":")).encode().replace(b"%", b"%%")
    return text.replace(b'"TIME"', b'"%s"').replace(b'"COUNTER"', b"%d").replace(b'"VALUES"', b"%s")
