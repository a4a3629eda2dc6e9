"""One reading in the words of each gateway: ChirpStack, The Things Stack, ThingPark, and our own JSON for raw bytes."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from pipelines.simulate.instruments import Instrument, Reading

_SUMMER_TIME = timezone(timedelta(hours=2))

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Frame:
    """What a device sent once, as one gateway heard it."""

    eui: str
    instrument: Instrument
    session: str
    counter: int
    time: datetime
    reading: Reading
    gateway: str = "gw-barn"


def chirpstack(frame: Frame, *, is_decoded: bool = True) -> dict[str, Any]:
    """Return ChirpStack v4's event `up`; zero and empty fields are left out by its writer."""
    said: dict[str, Any] = {
        "deduplicationId": f"{frame.eui}-{frame.counter}-{frame.gateway}",
        "time": frame.time.isoformat(),
        "deviceInfo": {
            "tenantName": "farm",
            "deviceProfileName": frame.instrument.profile,
            "deviceName": f"probe {frame.eui[-4:]}",
            "devEui": frame.eui,
            "tags": {},
        },
        "devAddr": frame.session,
        "dr": 3,
        "fPort": frame.instrument.f_port,
        "rxInfo": [{"gatewayId": frame.gateway, "rssi": -97, "snr": 6.5}],
    }
    if frame.counter:
        said["fCnt"] = frame.counter
    if frame.reading.payload is not None:
        said["data"] = b64encode(frame.reading.payload).decode()
    if is_decoded and frame.reading.decoded is not None:
        said["object"] = frame.reading.decoded
    return said


def the_things_stack(frame: Frame, *, is_decoded: bool = True) -> dict[str, Any]:
    """Return The Things Stack's uplink; a counter of zero is left out."""
    heard = (frame.time - timedelta(milliseconds=400)).isoformat()
    up: dict[str, Any] = {
        "session_key_id": frame.session,
        "f_port": frame.instrument.f_port,
        "version_ids": {"brand_id": frame.instrument.brand, "model_id": frame.instrument.model_id},
        "rx_metadata": [{"gateway_ids": {"gateway_id": frame.gateway}, "time": heard, "rssi": -42}],
        "received_at": frame.time.isoformat(),
    }
    if frame.counter:
        up["f_cnt"] = frame.counter
    if frame.reading.payload is not None:
        up["frm_payload"] = b64encode(frame.reading.payload).decode()
    if is_decoded and frame.reading.decoded is not None:
        up["decoded_payload"] = frame.reading.decoded
    ids = {"device_id": f"eui-{frame.eui}", "dev_eui": frame.eui.upper(), "application_ids": {"application_id": "farm"}}
    return {"end_device_ids": ids, "received_at": frame.time.isoformat(), "uplink_message": up}


def thingpark(frame: Frame, *, is_decoded: bool = True) -> dict[str, Any]:
    """Return ThingPark's report: numbers are text, the time is local, the payload is hexadecimal."""
    report: dict[str, Any] = {
        "Time": frame.time.astimezone(_SUMMER_TIME).isoformat(timespec="milliseconds"),
        "DevEUI": frame.eui.upper(),
        "FPort": str(frame.instrument.f_port),
        "FCntUp": str(frame.counter),
        "LrrRSSI": "-80.000000",
        "Lrrs": {"Lrr": [{"Lrrid": frame.gateway, "LrrRSSI": "-80.000000"}]},
        "CustomerID": "1100000077",
        "DriverCfg": {"app": {"pId": frame.instrument.brand, "mId": frame.instrument.model_id, "ver": "1"}},
        "DevAddr": frame.session,
    }
    if frame.reading.payload is not None:
        report["payload_hex"] = frame.reading.payload.hex()
    if is_decoded and frame.reading.decoded is not None:
        report["payload"] = frame.reading.decoded
    return {"DevEUI_uplink": report}


def own_bytes(frame: Frame) -> dict[str, Any]:
    """Return our own JSON around a device's bytes, which nobody decodes."""
    payload = frame.reading.payload or b""
    return {
        "device_id": frame.eui,
        "time": frame.time.isoformat(),
        "sensor": frame.instrument.model_id,
        "session": frame.session,
        "sequence": frame.counter,
        "f_port": frame.instrument.f_port,
        **({"payload_hex": payload.hex()} if frame.counter % 2 else {"payload_base64": b64encode(payload).decode()}),
    }


# Decoded, the gateway has a codec for the sensor; of bytes, it has none.
GATEWAYS: dict[str, Callable[[Frame], dict[str, Any]]] = {
    "chirpstack, decoded": chirpstack,
    "chirpstack, bytes": partial(chirpstack, is_decoded=False),
    "the things stack, decoded": the_things_stack,
    "the things stack, bytes": partial(the_things_stack, is_decoded=False),
    "thingpark, decoded": thingpark,
    "thingpark, bytes": partial(thingpark, is_decoded=False),
    "our own, bytes": own_bytes,
}


def publish(gateway: str, frame: Frame) -> tuple[bytes, Headers]:
    """Return the message of a gateway of `GATEWAYS`, and its headers."""
    headers = (("event", b"up"),) if gateway.startswith("chirpstack") else ()
    return json.dumps(GATEWAYS[gateway](frame), separators=(",", ":")).encode(), headers


def can_send(gateway: str, instrument: Instrument) -> bool:
    """Say whether the gateway has a codec for the instrument, or the instrument has bytes that need none."""
    return instrument.style != "none" if gateway.endswith("decoded") else instrument.has_payload
