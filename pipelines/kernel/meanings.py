"""What values mean: a sensor's name, a key and a unit, each looked up in the contracts once a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from pipelines.contracts.formats import formats
from pipelines.contracts.quantities import Quantity
from pipelines.contracts.sensors import Reading, Sensor, named, sensors
from pipelines.contracts.spellings import mentioned_property, named_property, unit_conversion

# Between the names that a message gives for its sensor.
SEPARATOR = "\x1f"
# A reason names what was not understood; nobody needs more of it than this.
_LONGEST_TEXT = 64

MEANING_SCHEMA = pa.schema(
    [
        ("meaning_id", pa.int32()),
        ("sensor_model", pa.string()),
        ("property", pa.string()),
        ("unit", pa.string()),
        ("channel", pa.int32()),
        ("depth_cm", pa.float64()),
        ("scale", pa.float64()),
        ("shift", pa.float64()),
        ("missing", pa.list_(pa.float64())),
        ("contradicts_up_to", pa.float64()),
        ("fail_min", pa.float64()),
        ("fail_max", pa.float64()),
        ("suspect_min", pa.float64()),
        ("suspect_max", pa.float64()),
        ("averaging_interval_s", pa.int32()),
    ]
)
LABEL_SCHEMA = pa.schema([("meaning_id", pa.int32()), ("word", pa.string()), ("stands_for", pa.float64())])


@dataclass(frozen=True)
class Meaning:
    """What the values under a key are: a quantity, where, and the line into its canonical unit."""

    sensor: Sensor | None
    quantity: Quantity
    scale: float
    shift: float
    channel: int | None = None
    depth_cm: float | None = None
    missing: tuple[float, ...] = ()
    labels: dict[str, float] = field(default_factory=dict)
    contradicts_up_to: float | None = None
    """Values above 0 and up to here are not what their unit says."""

    def row(self, meaning_id: int) -> dict[str, Any]:
        """Return the row of `MEANING_SCHEMA`."""
        return {
            "meaning_id": meaning_id,
            "sensor_model": self.sensor and self.sensor.model,
            "property": self.quantity.name,
            "unit": self.quantity.unit,
            "channel": self.channel,
            "depth_cm": self.depth_cm,
            "scale": self.scale,
            "shift": self.shift,
            "missing": list(self.missing) or None,
            "contradicts_up_to": self.contradicts_up_to,
            "fail_min": self.quantity.fail[0],
            "fail_max": self.quantity.fail[1],
            "suspect_min": self.quantity.suspect[0],
            "suspect_max": self.quantity.suspect[1],
            "averaging_interval_s": self.sensor.averaging_interval_s if self.sensor else 0,
        }


class Meanings:
    """The meanings that a batch has met, numbered from 0 in the order in which it met them."""

    def __init__(self, default_sensor: str | None = None) -> None:
        """Begin with none; `default_sensor` is the model where a message names none that has a contract."""
        self._default = sensors()[default_sensor] if default_sensor else None
        self._met: list[Meaning] = []
        self._sensors: dict[str | None, Sensor | None] = {}
        self._readings: dict[tuple[str, str], int] = {}

    def sensor(self, names: str | None) -> Sensor | None:
        """Return the sensor that the first of a message's names for it means."""
        if names not in self._sensors:
            each_named = (named(name) for name in (names or "").split(SEPARATOR) if name)
            self._sensors[names] = next((sensor for sensor in each_named if sensor), self._default)
        return self._sensors[names]

    def reading(self, sensor: Sensor, reading: Reading) -> int:
        """Return the number of what a contract says of a key."""
        place = sensor.model, reading.key
        if place not in self._readings:
            self._readings[place] = self._number(_by_contract(sensor, reading, reading.scale, reading.offset))
        return self._readings[place]

    def consecutive(self, sensor: Sensor, readings: Sequence[Reading]) -> int:
        """Number what a contract says of some keys one after the other; return the first number."""
        first = len(self._met)
        for reading in readings:
            self._number(_by_contract(sensor, reading, reading.scale, reading.offset))
        return first

    def said(self, message_format: str, names: str, is_payload: bool, key: str, unit: str) -> int | str:
        """Return the number of what a message's own words mean, or the reason why they mean nothing; "" if ignored."""
        sensor = self.sensor(names)
        reading = next((each for each in sensor.readings if each.key == key), None) if sensor else None
        if sensor and reading:
            return self._by_contract_unless_said(sensor, reading, unit)
        if is_payload or (sensor and key in sensor.ignored):
            return ""
        return self._self_described(message_format, sensor, key, unit)

    def _by_contract_unless_said(self, sensor: Sensor, reading: Reading, unit: str) -> int | str:
        if not unit:
            return self.reading(sensor, reading)
        line = unit_conversion(unit, reading.quantity)
        if line is None:
            return f"unknown_unit:{shortened(unit)}"
        sign = -1.0 if reading.scale < 0 else 1.0
        return self._number(_by_contract(sensor, reading, sign * line[0], sign * line[1]))

    def _self_described(self, message_format: str, sensor: Sensor | None, key: str, unit: str) -> int | str:
        contract = formats()[message_format]
        if key.rpartition("/")[2] in contract.ignored:
            return ""
        known = contract.key(key)
        quantity = known.quantity if known else _quantity(key.split(SEPARATOR))
        if quantity is None:
            word = key.split(SEPARATOR, maxsplit=1)[0].rpartition("/")[2]
            return f"unknown_key:{shortened(word)}"
        assumed = known.unit if known else quantity.unit if contract.assumes_units else ""
        spellings = [each for each in unit.split(SEPARATOR) if each] or [assumed]
        # Where several are given, those that are known must say the same.
        lines = {line for each in spellings if (line := unit_conversion(each, quantity))}
        if len(lines) != 1:
            return f"unknown_unit:{shortened(' / '.join(dict.fromkeys(spellings)))}" if any(spellings) else "no_unit"
        (line,) = lines
        is_percent = bool(unit) and line == unit_conversion("%", quantity)
        limit = 1.0 if known and known.is_share and is_percent else None
        channel = known.channel if known else None
        return self._number(Meaning(sensor, quantity, *line, channel=channel, contradicts_up_to=limit))

    def _number(self, meaning: Meaning) -> int:
        self._met.append(meaning)
        return len(self._met) - 1

    def table(self) -> pa.Table:
        """Return the meanings met. Shape: one row a meaning, `MEANING_SCHEMA`."""
        return pa.Table.from_pylist([each.row(number) for number, each in enumerate(self._met)], schema=MEANING_SCHEMA)

    def labels(self) -> pa.Table:
        """Return what words stand for. Shape: one row a meaning and word, `LABEL_SCHEMA`."""
        rows = [
            {"meaning_id": number, "word": word, "stands_for": value}
            for number, each in enumerate(self._met)
            for word, value in each.labels.items()
        ]
        return pa.Table.from_pylist(rows, schema=LABEL_SCHEMA)


def _by_contract(sensor: Sensor, reading: Reading, scale: float, shift: float) -> Meaning:
    return Meaning(
        sensor, reading.quantity, scale, shift, reading.channel, reading.depth_cm, reading.missing, reading.labels
    )


def _quantity(titles: Sequence[str]) -> Quantity | None:
    """Return the quantity that the first title which names one names; a title that only mentions one comes after."""
    named_outright = (named_property(title) for title in titles)
    mentioned = (mentioned_property(title) for title in titles)
    return next((each for each in (*named_outright, *mentioned) if each), None)


def shortened(text: str) -> str:
    """Return a text of a message as a reason may carry it."""
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
