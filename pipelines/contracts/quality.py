"""What neighbours in time may say against a value: schemas/quality.yaml."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

from pipelines.contracts.files import SCHEMAS, read_mapping, refused
from pipelines.contracts.quantities import quantities
from pipelines.contracts.sensors import sensors

INTERVALS = 3
"""As many averaging intervals may pass between neighbours."""


@dataclass(frozen=True)
class EverySeries:
    """Limits for every series, in seconds."""

    neighbour_s: int
    silence_s: int
    ahead_s: int
    clock_lag_s: int
    clock_memory_s: int


@dataclass(frozen=True)
class Bound:
    """A limit of global radiation: factor * solar constant * mu^1.2 + constant."""

    factor: float
    constant: float


@dataclass(frozen=True)
class Radiation:
    """Limits of global radiation by the height of the sun, W/m2."""

    rare: Bound
    possible: Bound
    night_elevation_deg: float
    night_most: float


@dataclass(frozen=True)
class Water:
    """How much soil moisture (m3/m3) may rise within a time without water, and which properties tell of water."""

    rise: float
    rise_within_s: int
    looked_for_s: int
    rain: tuple[str, ...]
    irrigation: tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """Limits of one quantity in its canonical unit; infinite where it has none of the kind."""

    spike_suspect: float = float("inf")
    spike_fail: float = float("inf")
    at_once: float = float("inf")
    per_hour: float = float("inf")
    flat_suspect_s: float = float("inf")
    flat_fail_s: float = float("inf")
    least_range: float = 0.0
    least_range_over_s: float = float("inf")


@dataclass(frozen=True)
class Quality:
    """Every limit."""

    every_series: EverySeries
    radiation: Radiation
    water: Water
    quantities: dict[str, Limits]

    def around_s(self, quantity: str) -> int:
        """Return how far from a value others may bear on its flags, or it on theirs, in seconds."""
        limits = self.quantities.get(quantity, Limits())
        lengths = (limits.flat_suspect_s, limits.flat_fail_s, limits.least_range_over_s)
        longest = max((length for length in lengths if length < float("inf")), default=0.0)
        clock_s = self.every_series.clock_memory_s + 2 * self.every_series.clock_lag_s
        around_s = max(longest, clock_s, float(self.water.looked_for_s)) + _widest_neighbour_s(self)
        return ceil(max(around_s, self.every_series.silence_s))


@cache
def quality() -> Quality:
    """Return the limits.

    Raises:
        ContractError: schemas/quality.yaml is wrong.
    """
    path = SCHEMAS / "quality.yaml"
    content = read_mapping(path)
    try:
        radiation, water = dict(content["radiation"]), content["water"]
        rare, possible = (Bound(**radiation.pop(name)) for name in ("rare", "possible"))
        lists = {name: tuple(water[name]) for name in ("rain", "irrigation")}
        found = Quality(
            EverySeries(**content["every_series"]),
            Radiation(rare, possible, **radiation),
            Water(**{**water, **lists}),
            {name: _limits(line) for name, line in content["quantities"].items()},
        )
    except (KeyError, TypeError, ValueError) as cause:
        raise refused(path, "the entries that its comments describe", repr(cause)) from cause
    if unknown := {*found.quantities, *found.water.rain, *found.water.irrigation} - quantities().keys():
        raise refused(path, "quantities of schemas/quantities.yaml", ", ".join(sorted(unknown)))
    return found


@cache
def quality_digest() -> str:
    """Return the SHA-256 of everything in contracts that flags by neighbours depend on."""
    said = [read_mapping(SCHEMAS / "quality.yaml"), averaging_intervals_s()]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def averaging_intervals_s() -> dict[str, int]:
    """Return the averaging interval of each sensor model, 0 where it has none."""
    return {model: sensor.averaging_interval_s for model, sensor in sensors().items()}


def _widest_neighbour_s(found: Quality) -> int:
    return max(found.every_series.neighbour_s, INTERVALS * max(averaging_intervals_s().values()))


def _limits(line: dict[str, Any]) -> Limits:
    unknown = line.keys() - {"spike", "rate", "flat", "attenuated"}
    if unknown:
        raise ValueError(f"unknown tests {sorted(unknown)}")
    given: dict[str, float] = {}
    for test, first, second in (("spike", "spike_suspect", "spike_fail"), ("flat", "flat_suspect_s", "flat_fail_s")):
        pair = line.get(test, [])
        if list(pair) != sorted(set(pair)) or len(pair) > 2:
            raise ValueError(f"{test}: {pair}, not [suspect, fail] ascending")
        given |= dict(zip((first, second), map(float, pair), strict=False))
    if "rate" in line:
        given |= {"at_once": float(line["rate"]["at_once"]), "per_hour": float(line["rate"]["per_hour"])}
    if "attenuated" in line:
        least = line["attenuated"]
        given |= {"least_range": float(least["range"]), "least_range_over_s": float(least["over_s"])}
    return Limits(**given)
