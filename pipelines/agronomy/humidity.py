"""How much water the air holds, and how much it could."""

from collections.abc import Callable
from typing import Any

import numpy as np

# Any: a number, an array, or (with its own `exp`) a column of an engine; the formula is the same.
Quantity = Any


def saturation_vapour_pressure_kpa(air_temperature_c: Quantity, exp: Callable[[Quantity], Quantity] = np.exp) -> Any:
    """Return the saturation vapour pressure over water.

    Shape: as the temperature.
    Units: degC -> kPa.
    Source: FAO Irrigation and Drainage Paper 56 (1998), eq. 11; check values from its example 3.

    Args:
        air_temperature_c: Air temperature at screen height.
        exp: The exponential function that fits the kind of the temperature.

    Example:
        >>> [round(float(saturation_vapour_pressure_kpa(t)), 3) for t in (24.5, 15.0)]
        [3.075, 1.705]
    """
    return 0.6108 * exp(17.27 * air_temperature_c / (air_temperature_c + 237.3))


def actual_vapour_pressure_kpa(
    air_temperature_c: Quantity, relative_humidity_pct: Quantity, exp: Callable[[Quantity], Quantity] = np.exp
) -> Any:
    """Return the vapour pressure of air of which temperature and humidity were read together.

    Shape: as the inputs.
    Units: degC, % -> kPa.
    Source: FAO Irrigation and Drainage Paper 56 (1998), eq. 54; check values from its example 19.

    Args:
        air_temperature_c: Air temperature.
        relative_humidity_pct: Relative humidity at the same place and time, 0..100.
        exp: The exponential function that fits the kind of the inputs.

    Example:
        >>> [round(float(actual_vapour_pressure_kpa(t, rh)), 3) for t, rh in ((28.0, 90.0), (38.0, 52.0))]
        [3.402, 3.445]
    """
    return saturation_vapour_pressure_kpa(air_temperature_c, exp) * relative_humidity_pct / 100
