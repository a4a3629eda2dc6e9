"""A farm's whole traffic: every format and every sensor, with copies, poison and backlogs, and what must come of it.

The truth is written by whoever draws the values, from what they mean; nothing here asks the kernel or its contracts.
Copies and contradictions arrive after their originals; whoever shuffles the messages must keep that, for the first one
to arrive is the event. Everything else may arrive in any order.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from pipelines.simulate.gateways import GATEWAYS, Frame, Headers, can_send, publish
from pipelines.simulate.instruments import Instrument, Value, read
from pipelines.simulate.platforms import PLATFORMS
from pipelines.simulate.vendors import INSTRUMENTS

START = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = timedelta(days=90)

# A device of ours starts its counter again after so many frames, most of them in a new session.
_FRAMES_PER_SESSION = 8
_SAME_SESSION_EVERY = 3
_JOINS_EVERY = 50
_SECOND_GATEWAY_S = 2
_WEEKS_LATE = (2, 6)


class Truth(NamedTuple):
    """What a message must become."""

    verdict: str
    reason: str | None = None
    device_id: str | None = None
    sensor_model: str | None = None
    result_time: datetime | None = None
    values: tuple[Value, ...] = ()


class Message(NamedTuple):
    """A message for Kafka, when it arrives there, and what must become of it."""

    key: bytes
    value: bytes | None
    headers: Headers
    arrived_at: datetime
    truth: Truth
    original: int | None
    """Number of the event that it repeats or contradicts, None where it is an event itself."""
    number: int
    """Events are numbered in the order of their times."""


@dataclass(frozen=True)
class Mixed:
    """What to send: `messages` counts everything; the shares are kept exactly, rounded down.

    Duplicates and poison are shares of the messages, what comes weeks late is a share of the events.
    """

    messages: int
    devices_each: int = 1
    duplicate_share: float = 0.05
    poison_share: float = 0.01
    late_share: float = 0.10
    seed: int = 0

    @property
    def duplicates(self) -> int:
        """How many of the messages are copies."""
        return int(self.messages * self.duplicate_share)

    @property
    def poison(self) -> int:
        """How many of the messages must be quarantined."""
        return int(self.messages * self.poison_share)

    @property
    def events(self) -> int:
        """How many of the messages must be accepted."""
        return self.messages - self.duplicates - self.poison


class _Device:
    """A device behind a gateway, which counts its frames."""

    def __init__(self, name: str, gateway: str, instrument: Instrument) -> None:
        self.name, self.gateway, self.instrument = name, gateway, instrument
        self._frames = 0

    def frame(self, time: datetime, chance: Random) -> Frame:
        session, counter = divmod(self._frames, _FRAMES_PER_SESSION)
        self._frames += 1
        # Activated by personalisation, a device begins at 0 in the session that it always has.
        session -= session % _SAME_SESSION_EVERY
        reading = read(self.instrument, chance)
        return Frame(self.name, self.instrument, f"{session:08x}", counter, time, reading)


_Sender = _Device | tuple[str, str]
"""A device of ours, or the name of one and the platform that speaks for it."""


def messages(mixed: Mixed) -> Iterator[Message]:
    """Give every message in the order of arrival; the same seed gives the same ones."""
    chance = Random(mixed.seed)  # noqa: S311 - chance that can be had again
    senders = _senders(mixed.devices_each)
    events = range(mixed.events)
    late = set(chance.sample(events, int(mixed.events * mixed.late_share)))
    copied = _counted(chance.choices(events, k=mixed.duplicates))
    poisoned = _counted(chance.choices(events, k=mixed.poison))
    waiting: list[tuple[datetime, int, Message]] = []
    pushed = 0
    for number in events:
        time = START + timedelta(seconds=round(SPAN.total_seconds() * number / mixed.events))
        while waiting and waiting[0][0] <= time:
            yield heapq.heappop(waiting)[2]
        sender = senders[number % len(senders)]
        arrives = time + timedelta(seconds=1)
        if number in late:
            arrives += timedelta(weeks=chance.uniform(*_WEEKS_LATE))
        message, again, other = _event(sender, number, time, arrives, chance)
        followers = [_copy(message, again, chance) for _ in range(copied.get(number, 0))]
        followers += [_poison(message, other, chance) for _ in range(poisoned.get(number, 0))]
        for each in (message, *followers):
            pushed += 1
            heapq.heappush(waiting, (each.arrived_at, pushed, each))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _senders(devices_each: int) -> list[_Sender]:
    found: list[_Sender] = []
    for _ in range(devices_each):
        for gateway in GATEWAYS:
            for instrument in INSTRUMENTS:
                if can_send(gateway, instrument):
                    found.append(_Device(f"0211fffe{len(found):08x}", gateway, instrument))
        found += [(f"{name.replace('_', '-')}-{len(found)}", name) for name in PLATFORMS]
    return found


def _counted(numbers: list[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    return counts


def _event(
    sender: _Sender, number: int, time: datetime, arrives: datetime, chance: Random
) -> tuple[Message, bytes, bytes | None]:
    """Return an event's message, its bytes once more (perhaps by another gateway), and bytes that contradict it."""
    if isinstance(sender, tuple):
        name, platform = sender
        value, headers, values = PLATFORMS[platform](name, time, chance)
        reason = "time_from:envelope" if platform.endswith("cloudevent") else None
        truth = Truth("accepted", reason, name, None, time, values)
        return Message(name.encode(), value, headers, arrives, truth, None, number), value, None
    frame = sender.frame(time, chance)
    value, headers = publish(sender.gateway, frame)
    truth = Truth("accepted", None, frame.eui, frame.instrument.model, time, frame.reading.values)
    elsewhere = replace(frame, gateway="gw-levee", time=time + timedelta(seconds=_SECOND_GATEWAY_S))
    # Our own JSON comes from one sender: a copy of it is the same to the byte.
    is_heard_twice = chance.random() < 0.5 and not sender.gateway.startswith("our own")
    again = publish(sender.gateway, elsewhere)[0] if is_heard_twice else value
    message = Message(frame.eui.encode(), value, headers, arrives, truth, None, number)
    if sender.gateway.startswith("chirpstack") and number % _JOINS_EVERY == 0:
        return _join(message, frame), _join(message, frame).value or b"", None
    return message, again, publish(sender.gateway, _contradiction(frame, chance))[0]


def _join(message: Message, frame: Frame) -> Message:
    """Return the join that such a device would send instead."""
    said = (
        f'{{"time": "{frame.time.isoformat()}", "deviceInfo": {{"devEui": "{frame.eui}", '
        f'"deviceProfileName": "{frame.instrument.profile}"}}, "devAddr": "{frame.session}"}}'
    )
    truth = message.truth._replace(reason="no_observation:join", values=(), sensor_model=None)
    return message._replace(value=said.encode(), headers=(("event", b"join"),), truth=truth)


def _contradiction(frame: Frame, chance: Random) -> Frame:
    other = read(frame.instrument, chance)
    while other.decoded == frame.reading.decoded and other.payload == frame.reading.payload:
        other = read(frame.instrument, chance)
    return replace(frame, reading=other, time=frame.time + timedelta(minutes=30))


def _copy(message: Message, again: bytes, chance: Random) -> Message:
    """Return a copy: at once through another gateway, or days later, when something was started again."""
    wait = timedelta(seconds=chance.uniform(1, 30)) if chance.random() < 0.8 else chance.random() * timedelta(days=5)
    return message._replace(
        value=again, arrived_at=message.arrived_at + wait, truth=Truth("duplicate"), original=message.number
    )


def _poison(message: Message, contradiction: bytes | None, chance: Random) -> Message:
    value = message.value or b""
    sick: list[tuple[str, bytes | None]] = [
        ("empty", None),
        ("not_json", value[: len(value) // 2]),
        ("not_utf8", value[:-1] + b"\xff" + value[-1:]),
        ("confluent_wire_format", b"\x00\x00\x00\x00\x07" + value),
        ("unknown_format", b'{"temperature": 21.5}'),
        ("no_device", b'{"deviceInfo": {"devEui": ""}, "time": "2026-03-01T00:00:00Z", "fCnt": 1}'),
        ("no_time", b'{"device_id": "a", "time": "yesterday", "observations": []}'),
        ("tenant_mismatch", b'{"device_id": "a", "tenant_id": "zenith", "observations": []}'),
        ("undecodable_payload", b'{"device_id": "a", "sensor": "lse01", "time": 1772323200, "payload_hex": "0d"}'),
        ("ambiguous_reading", b'{"device_id": "a", "time": 1772323200, "observations": '
         b'[{"property": "co2", "value": 400}, {"property": "co2", "value": 900}]}'),
        ("duplicate_key", b'{"deviceInfo": {"devEui": "a", "deviceProfileName": "LSE01"}, "fCnt": 1, '
         b'"time": "2026-03-01T00:00:00Z", "object": {"temp_SOIL": 1, "temp_SOIL": 2}}'),
        ("conflict", contradiction),
    ]  # fmt: skip
    reason, poison = chance.choice(sick if contradiction else sick[:-1])
    headers = message.headers if reason == "conflict" else ()
    return message._replace(
        value=poison,
        headers=headers,
        arrived_at=message.arrived_at + timedelta(seconds=chance.uniform(1, 1000)),
        truth=Truth("quarantined", reason),
        original=message.number,
    )
