"""Write a device's frame as the `up` event that ChirpStack v4 publishes for it.

The shape is that of the project's integration events (https://www.chirpstack.io/docs/chirpstack/integrations/events.html)
and of its Kafka integration: the protobuf message in its JSON form (camelCase, absent fields left out, times
in RFC 3339 with `+00:00`), and one header `event: up`. Only the key differs: ours is the device id, so that
all of a device's frames lie in one partition.
"""

import json
import re
import struct
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import NAMESPACE_URL, uuid5

HEADERS = (("event", b"up"),)
COUNTER_SIZE = 2**32
"""fCnt has 32 bits, of which the device sends the lower 16 and the server keeps the upper."""

_NETWORK_DELAY = timedelta(milliseconds=412)
# Sub-band 1 of US915, where DR3 is SF7 at 125 kHz.
_FIRST_CHANNEL_HZ, _CHANNEL_STEP_HZ, _CHANNELS = 902_300_000, 200_000, 8
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Device:
    """A device as the network server knows it."""

    eui: str
    name: str
    profile: str
    """Name of the device profile: how the sensor contract is found."""
    keys: tuple[str, ...]
    """Keys of the decoded payload, in the order of the frame."""


@dataclass(frozen=True)
class Gateway:
    """A gateway, and how well it hears the field."""

    gateway_id: str
    latitude_deg: float
    longitude_deg: float
    rssi_dbm: int
    snr_db: float


@dataclass(frozen=True)
class Frame:
    """What a device sends once: a value that was not measured is not in `values`."""

    device: Device
    session: str
    sequence: int
    time: datetime
    values: Mapping[str, float]


@dataclass(frozen=True)
class Uplink:
    """A message for Kafka. `time` is the frame's; the broker gives the record a time of its own."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    time: datetime


def publish(tenant: str, frame: Frame, gateway: Gateway, received_at: datetime | None = None) -> Uplink:
    """Return the message for a frame that one gateway heard.

    The same arguments give the same bytes.

    Args:
        tenant: Name of the tenant that owns the device.
        frame: What the device sent.
        gateway: Who heard it; it has its own clock, so it knows when.
        received_at: When the network server got it; None is at once.
    """
    time, counter = _rfc3339(frame.time), frame.sequence % COUNTER_SIZE
    text = _template(tenant, frame.device, frame.session, gateway) % {
        "deduplication_id": _id(f"{frame.device.eui}/{frame.session}/{frame.sequence}/{gateway.gateway_id}"),
        "time": time,
        "received_at": _rfc3339(received_at or frame.time + _NETWORK_DELAY),
        "counter": counter,
        "data": b64encode(payload(frame)).decode(),
        "object": _ENCODER.encode(frame.values),
        "rssi": gateway.rssi_dbm - counter % 5,
        "channel": counter % _CHANNELS,
        "context": b64encode(struct.pack(">I", counter)).decode(),
        "frequency": _FIRST_CHANNEL_HZ + _CHANNEL_STEP_HZ * (counter % _CHANNELS),
    }
    return Uplink(frame.device.eui.encode(), text.encode(), HEADERS, frame.time)


def payload(frame: Frame) -> bytes:
    """Return the frame's binary payload: its values as big-endian 32-bit floats, NaN where not measured."""
    values = (frame.values.get(key, float("nan")) for key in frame.device.keys)
    return struct.pack(f">{len(frame.device.keys)}f", *values)


@cache
def _template(tenant: str, device: Device, session: str, gateway: Gateway) -> str:
    """Return the event as JSON with a hole for everything that differs from frame to frame."""
    event = {
        "deduplicationId": "%(deduplication_id)s",
        "time": "%(time)s",
        "deviceInfo": _device_info(tenant, device),
        "devAddr": session,
        "adr": True,
        "dr": 3,
        "fCnt": "%(counter)d",
        "fPort": 2,
        "confirmed": False,
        "data": "%(data)s",
        "object": "%(object)s",
        "rxInfo": [
            {
                "gatewayId": gateway.gateway_id,
                "uplinkId": "%(counter)d",
                "gwTime": "%(time)s",
                "nsTime": "%(received_at)s",
                "rssi": "%(rssi)d",
                "snr": gateway.snr_db,
                "channel": "%(channel)d",
                "location": {"latitude": gateway.latitude_deg, "longitude": gateway.longitude_deg},
                "context": "%(context)s",
                "crcStatus": "CRC_OK",
            }
        ],
        "txInfo": {
            "frequency": "%(frequency)d",
            "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
        },
    }
    # The holes for numbers and for the object lose the quotes of a string.
    return re.sub(r'"(%\(\w+\)d|%\(object\)s)"', r"\1", _ENCODER.encode(event))


def _device_info(tenant: str, device: Device) -> dict[str, object]:
    # A per cent sign in a name is doubled, because what comes of this is a template.
    return {
        "tenantId": _id(f"tenant/{tenant}"),
        "tenantName": tenant.replace("%", "%%"),
        "applicationId": _id(f"tenant/{tenant}/fields"),
        "applicationName": "fields",
        "deviceProfileId": _id(f"profile/{device.profile}"),
        "deviceProfileName": device.profile.replace("%", "%%"),
        "deviceName": device.name.replace("%", "%%"),
        "devEui": device.eui,
        "deviceClassEnabled": "CLASS_A",
        "tags": {},
    }


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"urn:fieldstream:{name}"))


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds" if time.microsecond else "seconds")
