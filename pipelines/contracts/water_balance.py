"""What the water balance takes where nobody says otherwise: schemas/water_balance.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.contracts.files import SCHEMAS, read_mapping, refused


@dataclass(frozen=True)
class CropDefaults:
    """What FAO-56 tabulates of a crop, and for which region the lengths of its stages are."""

    kcb: tuple[float, float, float]
    stages_d: tuple[float, float, float, float]
    height_m: tuple[float, float]
    root_depth_m: tuple[float, float]
    depletion_fraction: float
    region: str


@dataclass(frozen=True)
class SoilDefaults:
    """A soil of which nothing is known."""

    wilting_point_m3_m3: float
    field_capacity_m3_m3: float
    evaporation_depth_m: float
    readily_evaporable_mm: float


@dataclass(frozen=True)
class WaterBalanceDefaults:
    """Crops by name, the soil, and the share of the surface that each irrigation system wets."""

    crops: Mapping[str, CropDefaults]
    soil: SoilDefaults
    wetted_fraction: Mapping[str, float]


@cache
def water_balance() -> WaterBalanceDefaults:
    """Return the defaults.

    Raises:
        ContractError: A line of schemas/water_balance.yaml is wrong.
    """
    path = SCHEMAS / "water_balance.yaml"
    content = read_mapping(path)
    try:
        crops = {name: _crop(line) for name, line in content["crops"].items()}
        return WaterBalanceDefaults(crops, SoilDefaults(**content["soil"]), content["wetted_fraction"])
    except (KeyError, TypeError) as cause:
        raise refused(path, "crops, soil and wetted_fraction with all their entries", str(cause)) from cause


def _crop(line: dict[str, Any]) -> CropDefaults:
    said: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in line.items()}
    return CropDefaults(**said)
