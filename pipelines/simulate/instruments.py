"""A sensor's readings: raw numbers, laid out in bytes as its vendor does and decoded as gateways do.

Each number of a payload is drawn from a range that is plausible on a farm; now and then it is the one by which the
model says that it has no reading, or one that cannot be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from struct import pack
from typing import Any, NamedTuple

MISSING_SHARE, WILD_SHARE = 0.02, 0.01
GOOD, FAIL, MISSING = 1, 4, 9


class Value(NamedTuple):
    """A value as it must lie in silver: in its canonical unit, None where there is no reading."""

    property: str
    unit: str
    value: float | None
    flag: int = GOOD
    channel: int | None = None
    depth_cm: float | None = None
    seconds_before: int = 0
    """How long before its message it was true."""
    device_id: str | None = None
    """Whose it is, where that is another device than its message's."""


class Said(NamedTuple):
    """One key that a decoder makes of a raw number, and what it means."""

    key: str
    property: str
    unit: str
    decode: Callable[[int], float]
    factor: float = 1.0
    """From the decoder's unit to the canonical one."""
    channel: int | None = None
    shift: float = 0.0


class Part(NamedTuple):
    """One raw number of a payload, drawn from low to high; what stands before it, and what is made of it."""

    layout: str
    low: int
    high: int
    said: tuple[Said, ...]
    before: str = ""
    missing: int | None = None
    wild: int | None = None


@dataclass(frozen=True)
class Instrument:
    """A model: its names at gateways, its port, its payload."""

    model: str
    profile: str
    brand: str
    model_id: str
    parts: tuple[Part, ...]
    f_port: int = 2
    after: str = ""
    style: str = "flat"
    """How its decoder nests what it reads: flat, nested (value and unit), items (measurement ids), or none."""
    has_payload: bool = True
    averaging_interval_s: int = 0
    depths_cm: Mapping[int, float] | None = None


class Reading(NamedTuple):
    """What an instrument sends once: the decoder's object, its bytes, and what must come of it."""

    decoded: dict[str, Any] | None
    payload: bytes | None
    values: tuple[Value, ...]


def read(instrument: Instrument, chance: Random) -> Reading:
    """Draw one reading."""
    payload, decoded, values = b"", dict[str, float](), list[Value]()
    for part in instrument.parts:
        raw, flag = _drawn(part, chance)
        payload += bytes.fromhex(part.before) + pack(part.layout, raw)
        for said in part.said:
            decoded[said.key] = said.decode(raw)
            value = None if flag == MISSING else said.decode(raw) * said.factor + said.shift
            depth_cm = (instrument.depths_cm or {}).get(said.channel or 0)
            interval_s = instrument.averaging_interval_s
            values.append(Value(said.property, said.unit, value, flag, said.channel, depth_cm, interval_s))
    payload += bytes.fromhex(instrument.after)
    nested = _nested(instrument.style, decoded)
    return Reading(nested, payload if instrument.has_payload else None, tuple(values))


def _drawn(part: Part, chance: Random) -> tuple[int, int]:
    share = chance.random()
    if part.missing is not None and share < MISSING_SHARE:
        return part.missing, MISSING
    if part.wild is not None and share > 1 - WILD_SHARE:
        return part.wild, FAIL
    return chance.randint(part.low, part.high), GOOD


def _nested(style: str, decoded: dict[str, float]) -> dict[str, Any] | None:
    if style == "nested":
        return {key: {"value": value, "unit": "as the vendor says"} for key, value in decoded.items()}
    if style == "items":
        return {"messages": [[{"measurementId": key, "measurementValue": value} for key, value in decoded.items()]]}
    return decoded if style == "flat" else None
