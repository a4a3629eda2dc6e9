"""How much water a crop's root zone holds, day by day: FAO-56's dual crop coefficient, computed by pyfao56."""

import math
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

METHOD = f"fao56-dual-kc pyfao56 {version('pyfao56')}"
"""The formulas and the software that `Season` applies."""


@dataclass(frozen=True)
class Crop:
    """What FAO-56 tabulates of a crop: initial, development, mid and late stage, in that order where there are four."""

    kcb: tuple[float, float, float]
    """Basal crop coefficients, initial, mid and end (table 17)."""
    stages_d: tuple[float, float, float, float]
    """Lengths of the growth stages (table 11)."""
    height_m: tuple[float, float]
    """At planting, and at most (table 12)."""
    root_depth_m: tuple[float, float]
    """At planting, and at most (table 22)."""
    depletion_fraction: float
    """Share of the available water that can be used before stress, at 5 mm a day (table 22)."""


@dataclass(frozen=True)
class Soil:
    """How a soil holds water."""

    wilting_point_m3_m3: float
    field_capacity_m3_m3: float
    evaporation_depth_m: float
    """Depth that dries by evaporation, 0.10 to 0.15 (page 144)."""
    readily_evaporable_mm: float
    """Water that evaporates before the surface dries (table 19)."""
    curve_number: float | None = None
    """Of the SCS, for a medium wet soil; None where no rain runs off."""


@dataclass(frozen=True)
class Day:
    """What a day brings."""

    eto_mm: float
    rain_mm: float
    irrigation_mm: float
    wetted_fraction: float
    """Share of the surface that the irrigation wets (table 20)."""
    wind_speed_m_s: float
    wind_height_m: float
    relative_humidity_min_pct: float


@dataclass(frozen=True)
class Balance:
    """What a day's water came to: end = start - (rain - runoff) - irrigation + evapotranspiration + percolation."""

    kcb: float
    ke: float
    ks: float
    etc_mm: float
    """Of the crop without stress."""
    evaporation_mm: float
    transpiration_mm: float
    runoff_mm: float
    deep_percolation_mm: float
    depletion_start_mm: float
    depletion_mm: float
    total_available_water_mm: float
    readily_available_water_mm: float
    root_depth_m: float

    @property
    def eta_mm(self) -> float:
        """Evapotranspiration as it was, adjusted for stress."""
        return self.evaporation_mm + self.transpiration_mm


class Season:
    """A crop's season, a day after another.

    Source: FAO Irrigation and Drainage Paper 56 (1998), eq. 69 to 88, as pyfao56 has them; runoff by ASCE
        Manual 70 (2016), eq. 14-12 to 14-20. The root zone is one layer that deepens with the crop; what it grows into
        is at field capacity. Growth stages are counted from the first day.
    """

    def __init__(self, crop: Crop, soil: Soil, depletion_mm: float) -> None:
        """Begin, with the root zone short of field capacity by so much, and the surface dry (page 153)."""
        self._model = _model()
        self._state = _first_state(self._model, crop, soil, depletion_mm)

    @property
    def root_depth_m(self) -> float:
        """How deep the roots are."""
        return float(self._state.Zr)

    def begin_anew(self, depletion_mm: float) -> None:
        """Set the depletion of the root zone to what is known of it now."""
        self._state.Dr = min(max(depletion_mm, 0.0), self._state.TAW)

    def step(self, day: Day) -> Balance:
        """Go on by a day.

        Where a dry root zone cannot give what the surface and the crop would take, they take what there is, evaporation
        yielding first: pyfao56 stops the depletion at the total available water and lets the difference go.

        Units: mm, m/s, m, %, shares -> mm, m, coefficients.
        Source: See the class.
        """
        state, before = self._state, self._state.Dr
        state.ETref, state.rain, state.idep, state.ieff = day.eto_mm, day.rain_mm, day.irrigation_mm, 100.0
        if day.irrigation_mm > 0:
            state.fw = day.wetted_fraction
        state.wndsp, state.wndht, state.rhmin = day.wind_speed_m_s, day.wind_height_m, day.relative_humidity_min_pct
        self._model.step(state)
        state.i += 1
        gained = day.rain_mm - state.runoff + day.irrigation_mm
        used = state.Dr - before + gained - state.DP
        evaporation = max(0.0, used - state.T) if used < state.E + state.T else state.E
        return Balance(
            kcb=state.Kcb,
            ke=state.Ke,
            ks=state.Ks,
            etc_mm=state.ETc,
            evaporation_mm=evaporation,
            transpiration_mm=used - evaporation,
            runoff_mm=state.runoff,
            deep_percolation_mm=state.DP,
            depletion_start_mm=before,
            depletion_mm=state.Dr,
            total_available_water_mm=state.TAW,
            readily_available_water_mm=state.RAW,
            root_depth_m=state.Zr,
        )


def depletion_mm(soil: Soil, soil_moisture_m3_m3: float, root_depth_m: float) -> float:
    """Return by how much a root zone is short of field capacity.

    Shape: numbers.
    Units: m3/m3, m -> mm, from 0 to the total available water.
    Source: FAO Irrigation and Drainage Paper 56 (1998), eq. 82 and 87.

    Example:
        >>> round(depletion_mm(Soil(0.10, 0.25, 0.1, 9.0), 0.20, 0.8), 9)
        40.0
    """
    within = min(max(soil_moisture_m3_m3, soil.wilting_point_m3_m3), soil.field_capacity_m3_m3)
    return 1000 * (soil.field_capacity_m3_m3 - within) * root_depth_m


def relative_humidity_min_pct(actual_vapour_pressure_kpa: float, air_temperature_max_c: float) -> float:
    """Return a day's least relative humidity, when it is warmest.

    Shape: numbers.
    Units: kPa, degC -> %, at most 100.
    Source: FAO Irrigation and Drainage Paper 56 (1998), eq. 10 and 11, and eq. 64 for the vapour pressure of the day.

    Example:
        >>> round(relative_humidity_min_pct(1.4, 30.0), 1)
        33.0
    """
    saturated = 0.6108 * math.exp(17.27 * air_temperature_max_c / (air_temperature_max_c + 237.3))
    return min(100.0, 100 * actual_vapour_pressure_kpa / saturated)


def _model() -> Any:
    from pyfao56 import Model

    class Steps(Model):  # type: ignore[misc]  # it has no types
        """A model that is told each day's weather as it comes: `run()` looks every number up in a data frame."""

        def __init__(self) -> None:
            pass

        def step(self, state: Any) -> None:
            self._advance(state)

    return Steps()


def _first_state(model: Any, crop: Crop, soil: Soil, depletion_mm: float) -> Any:
    """Return what pyfao56's `run()` begins with."""
    state = model.ModelState()
    state.i, state.solmthd, state.rfcrp = 0, "D", "S"
    state.cons_p = state.aq_Ks = False
    state.roff, state.CN2 = soil.curve_number is not None, soil.curve_number
    state.Kcbini, state.Kcbmid, state.Kcbend = crop.kcb
    # The single crop coefficient is computed beside, and read by nobody.
    state.Kcmini, state.Kcmmid, state.Kcmend = crop.kcb
    state.Lini, state.Ldev, state.Lmid, state.Lend = crop.stages_d
    state.hini, state.hmax = crop.height_m
    state.Zrini, state.Zrmax = crop.root_depth_m
    state.pbase = crop.depletion_fraction
    state.thetaFC, state.thetaWP = soil.field_capacity_m3_m3, soil.wilting_point_m3_m3
    state.Ze, state.REW = soil.evaporation_depth_m, soil.readily_evaporable_mm
    state.TEW = state.De = 1000.0 * (state.thetaFC - 0.5 * state.thetaWP) * state.Ze
    state.TAW = 1000.0 * (state.thetaFC - state.thetaWP) * state.Zrini
    state.Dr = depletion_mm
    state.h, state.Zr, state.fw = state.hini, state.Zrini, 1.0
    state.updKcb = state.updh = state.updfc = math.nan
    return state
