"""Units: UCUM codes, and the line that converts one into another."""

from functools import cache
from typing import Any

_UCUM_CODE = {
    # Written as people write it; UCUM's own code is bracketed.
    "ppm": "[ppm]",
    # UCUM's own definitions. The registry takes a column at 60 degrees Fahrenheit instead, 0.3 % less.
    "[in_i'Hg]": "m[Hg].[in_i]/m",
    "[in_i'H2O]": "m[H2O].[in_i]/m",
}

# What the contracts ask for, with the registry's own answers: to load it takes every command that decodes a second.
KNOWN = {
    ("%", "m3/m3"): (0.01, 0.0),
    ("1", "%"): (100.0, 0.0),
    ("[degF]", "Cel"): (5 / 9, -160 / 9),
    ("K", "Cel"): (1.0, -273.15),
    ("S/m", "dS/m"): (10.0, 0.0),
    ("mS/cm", "dS/m"): (1.0, 0.0),
    ("uS/cm", "dS/m"): (0.001, 0.0),
    ("Pa", "hPa"): (0.01, 0.0),
    ("kPa", "hPa"): (10.0, 0.0),
    ("[in_i'Hg]", "hPa"): (33.86388640341, 0.0),
    ("kW/m2", "W/m2"): (1000.0, 0.0),
    ("[mi_i]/h", "m/s"): (0.44704, 0.0),
    ("L", "m3"): (0.001, 0.0),
    ("mm", "m"): (0.001, 0.0),
    ("cm", "m"): (0.01, 0.0),
    ("mV", "V"): (0.001, 0.0),
    ("kHz", "Hz"): (1000.0, 0.0),
}


@cache
def conversion(unit: str, canonical: str) -> tuple[float, float]:
    """Return (scale, offset) so that canonical value = value * scale + offset.

    Units: UCUM codes in, canonical units per unit and canonical units out.

    Raises:
        ValueError: A code is not UCUM, or the two do not measure the same thing.
    """
    if unit == canonical:
        return 1.0, 0.0
    return KNOWN.get((unit, canonical)) or looked_up(unit, canonical)


def looked_up(unit: str, canonical: str) -> tuple[float, float]:
    """Return what the registry of all UCUM units says.

    Units: UCUM codes in, canonical units per unit and canonical units out.

    Raises:
        ValueError: A code is not UCUM, or the two do not measure the same thing.
    """
    try:
        zero, one = (_converted(value, unit, canonical) for value in (0.0, 1.0))
    except Exception as cause:  # pint and the UCUM grammar raise unrelated classes
        raise ValueError(f"cannot convert {unit!r} to {canonical!r}: {cause}") from cause
    # A hundredth is a hundredth: the difference of two roundings is not.
    return round(one - zero, 15), zero


def _converted(value: float, unit: str, canonical: str) -> float:
    registry = _registry()
    source, target = (registry.from_ucum(_UCUM_CODE.get(code, code)).units for code in (unit, canonical))
    return float(registry.Quantity(value, source).to(target).magnitude)


@cache
def _registry() -> Any:
    # A second to import, and needed only where a sensor's unit is not the canonical one.
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()
