"""Write a device's frame as the `up` event that ChirpStack v4 publishes for it.

The shape is that of the project's integration events (https://www.chirpstack.io/docs/chirpstack/integrations/events.html)
and of its Kafka integration: the protobuf message in its JSON form (camelCase, absent fields left out, times
in RFC 3339 with `+00:00`), and one header `event: up`. Only the key differs: ours is the device id, so that
all of a device's frames lie in one partition.
"""

import json
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
_CHANNELS = 8
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
    event = {
        "deduplicationId": _id(f"{frame.device.eui}/{frame.session}/{frame.sequence}/{gateway.gateway_id}"),
        "time": _rfc3339(frame.time),
        "deviceInfo": _device_info(tenant, frame.device),
        "devAddr": frame.session,
        "adr": True,
        "dr": 3,
        "fCnt": frame.sequence % COUNTER_SIZE,
        "fPort": 2,
        "confirmed": False,
        "data": b64encode(payload(frame)).decode(),
        "object": dict(frame.values),
        "rxInfo": [_rx_info(frame, gateway, received_at or frame.time + _NETWORK_DELAY)],
        "txInfo": _tx_info(frame),
    }
    value = _ENCODER.encode(event).encode()
    return Uplink(frame.device.eui.encode(), value, HEADERS, frame.time)


def payload(frame: Frame) -> bytes:
    """Return the frame's binary payload: its values as big-endian 32-bit floats, NaN where not measured."""
    values = (frame.values.get(key, float("nan")) for key in frame.device.keys)
    return struct.pack(f">{len(frame.device.keys)}f", *values)


@cache
def _device_info(tenant: str, device: Device) -> dict[str, object]:
    return {
        "tenantId": _id(f"tenant/{tenant}"),
        "tenantName": tenant,
        "applicationId": _id(f"tenant/{tenant}/fields"),
        "applicationName": "fields",
        "deviceProfileId": _id(f"profile/{device.profile}"),
        "deviceProfileName": device.profile,
        "deviceName": device.name,
        "devEui": device.eui,
        "deviceClassEnabled": "CLASS_A",
        "tags": {},
    }


def _rx_info(frame: Frame, gateway: Gateway, received_at: datetime) -> dict[str, object]:
    return {
        "gatewayId": gateway.gateway_id,
        "uplinkId": frame.sequence % COUNTER_SIZE,
        "gwTime": _rfc3339(frame.time),
        "nsTime": _rfc3339(received_at),
        "rssi": gateway.rssi_dbm - frame.sequence % 5,
        "snr": gateway.snr_db,
        "channel": frame.sequence % _CHANNELS,
        "location": {"latitude": gateway.latitude_deg, "longitude": gateway.longitude_deg},
        "context": b64encode(struct.pack(">I", frame.sequence % COUNTER_SIZE)).decode(),
        "crcStatus": "CRC_OK",
    }


def _tx_info(frame: Frame) -> dict[str, object]:
    # Sub-band 1 of US915: 902.3 MHz and up, 200 kHz apart; DR3 there is SF7 at 125 kHz.
    return {
        "frequency": 902_300_000 + 200_000 * (frame.sequence % _CHANNELS),
        "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
    }


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"urn:fieldstream:{name}"))


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds" if time.microsecond else "seconds")
