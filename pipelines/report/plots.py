"""The plots: each takes a small frame and gives one picture."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.report.canvas import COLOURS, column, svg
from pipelines.report.markup import Markup
from pipelines.report.season import LAYERS, RiseCause, moisture, rises

LAYER_COLOURS = dict(zip(LAYERS, ("blue", "orange", "green"), strict=True))
RISE_MARKS = {
    RiseCause.RAIN: ("o", COLOURS["sky"]),
    RiseCause.NO_RAIN: ("^", COLOURS["vermillion"]),
    RiseCause.UNKNOWN: ("^", "none"),
}
FLAG_NAMES = {1: "good", 2: "not evaluated", 3: "suspect", 4: "fail", 9: "missing"}
FLAG_COLOURS = {1: "sky", 2: "purple", 3: "orange", 4: "vermillion", 9: "soft"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEATHER = (
    ("eto_mm", "green", "reference evapotranspiration, mm a day"),
    ("solar_radiation_mj_m2", "orange", "Solar radiation, MJ/m² a day"),
    ("air_temperature_mean_c", "vermillion", "Mean air temperature, °C"),
)
# Of the water balance: what came above the line, what was lost below it.
GAINS = (("rain_mm", "blue", "rain"), ("irrigation_mm", "green", "irrigation"))
LOSSES = (("deep_percolation_mm", "vermillion", "deep percolation"),)
Limits = tuple[float, float]


def layer_name(layer: str) -> str:
    """Return how a person writes a soil layer: 0_30cm is 0-30 cm."""
    return layer.replace("_", "\N{EN DASH}").replace("cm", "\N{NO-BREAK SPACE}cm")


def around(values: np.ndarray) -> Limits:
    """Return axis limits with a little air around the values; 0 to 1 where there are none."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    air = (high - low) * 0.06 or 0.05
    return low - air, high + air


def rain_limit(days: pd.DataFrame) -> float:
    """Return the depth a field's rain axes reach: at least 1 mm, so that a drizzle does not look like a storm."""
    return max(around(days["precipitation_mm"].to_numpy(float))[1], 1.0)


def weather_limits(days: pd.DataFrame) -> dict[str, Limits]:
    """Return common limits for the years of a field; what cannot be negative starts at zero."""
    limits = {measure: around(days[measure].to_numpy(float)) for measure, _, _ in WEATHER}
    return {
        measure: (low if measure == "air_temperature_mean_c" else 0.0, high) for measure, (low, high) in limits.items()
    }


def flags_per_week(weeks: pd.DataFrame, year: int, share_limit: float) -> Markup:
    """Draw a year's observations per week by flag, and below them the share that is not good.

    Shape: weeks has year_start, week, flag, observations.
    """
    counts = weeks.pivot_table(index="week", columns="flag", values="observations", aggfunc="sum", fill_value=0)
    starts = pd.Timestamp(f"{year}-01-01") + pd.to_timedelta(counts.index.to_numpy() * 7, unit="D")

    def paint(axes: list[Axes]) -> None:
        _stack(axes[0], starts, counts / 1000)
        axes[0].set_title(f"{year}: thousand observations a week")
        shares = counts.drop(columns=1, errors="ignore").div(counts.sum(axis="columns"), axis="index") * 100
        _stack(axes[1], starts, shares)
        axes[1].set_title("% of them not good")
        axes[1].set_ylim(0, share_limit * 1.08 or 1)
        _months(axes[1], year)
        _legend(axes[0], ncols=5)

    description = f"Observations per week of {year}, stacked by flag"
    return svg(f"flags-{year}", description, paint, heights=(1, 1), height_in=3.4)


def soil_year(days: pd.DataFrame, name: str, year: int, limits: Limits, deepest_mm: float) -> Markup:
    """Draw a year of soil moisture by layer, its rises, and the rain hanging from the top.

    Shape: days as season.calendar_year gives them.
    """

    def paint(axes: list[Axes]) -> None:
        rain(axes[0], days, deepest_mm)
        axes[0].set_title(f"{year}: rain, mm a day")
        soil_moisture(axes[1], days, limits)
        axes[1].set_title("Soil moisture, m³/m³")
        _months(axes[1], year)
        _legend(axes[1], ncols=2)

    return svg(f"soil-{name}", f"Soil moisture and rain in {year}", paint, heights=(1, 3), height_in=3.9)


def evapotranspiration_year(days: pd.DataFrame, name: str, year: int, limits: dict[str, Limits]) -> Markup:
    """Draw a year of reference evapotranspiration above the radiation and the temperature that drive it.

    Shape: days as season.calendar_year gives them; limits by column.
    """

    def paint(axes: list[Axes]) -> None:
        for own, (measure, colour, title) in zip(axes, WEATHER, strict=True):
            own.plot(days.index, days[measure].astype(float), color=COLOURS[colour])
            own.set_ylim(limits[measure])
            own.set_title(title if own is not axes[0] else f"{year}: {title}")
        _months(axes[-1], year)

    return svg(f"eto-{name}", f"Reference evapotranspiration in {year}", paint, heights=(1.3, 1, 1), height_in=4.2)


def water_limits(days: pd.DataFrame) -> dict[str, Limits]:
    """Return common limits for the years of a field: of what came and percolated, and of what the root zone lacks."""
    least, most = (max(float(days[[name for name, *_ in side]].sum(axis=1).max()), 1.0) for side in (LOSSES, GAINS))
    lost = least if days["deep_percolation_mm"].any() else 0.0
    return {"flows": (-lost * 1.06, most * 1.06), "depletion": (days["total_available_water_mm"].max() * 1.06, 0.0)}


def water_year(days: pd.DataFrame, name: str, year: int, limits: dict[str, Limits]) -> Markup:
    """Draw a year of the water balance: what came and percolated, and below it what the root zone lacks.

    Shape: days of gold.water_balance_daily as season.calendar_year gives them; limits as water_limits gives them.
    """

    def paint(axes: list[Axes]) -> None:
        _flows(axes[0], days)
        axes[0].set_ylim(limits["flows"])
        axes[0].set_title(f"{year}: rain, irrigation and deep percolation, mm a day")
        _depletion(axes[1], days)
        axes[1].set_ylim(limits["depletion"])
        axes[1].set_title("Water that the root zone lacks, mm")
        _months(axes[1], year)
        _legend(*axes, ncols=3)

    return svg(f"water-{name}", f"Water balance of the root zone in {year}", paint, heights=(1, 2), height_in=3.9)


def forecast(window: pd.DataFrame, name: str, layer: str, horizon_d: int) -> Markup:
    """Draw what was forecast, with its interval, and what came.

    Shape: window as forecast.against_what_came gives it.
    """

    def paint(axes: list[Axes]) -> None:
        own, colour = axes[0], COLOURS[LAYER_COLOURS[layer]]
        p10, p90 = window["p10"].to_numpy(float), window["p90"].to_numpy(float)
        own.fill_between(window.index, p10, p90, color=colour, alpha=0.25, linewidth=0, label="80 % interval")
        own.plot(window.index, window["p50"], color=colour, label=f"forecast {horizon_d} days before")
        own.plot(window.index, window["came"], color=COLOURS["ink"], ls="none", marker=".", ms=3.2, label="measured")
        own.set_title(f"{layer_name(layer)}: soil moisture, m³/m³")
        ticks = [day for day in pd.DatetimeIndex(window.index) if day.day == 1]
        own.set_xticks([_on_axis(day) for day in ticks], [f"{MONTHS[day.month - 1]} {day.year}" for day in ticks])
        _legend(own, ncols=3)

    return svg(f"forecast-{name}", f"Forecast soil moisture {layer_name(layer)}", paint, heights=(1,), height_in=2.7)


def overview(years: Sequence[tuple[int, pd.DataFrame]], limits: dict[str, Limits], figure: Figure) -> None:
    """Draw rain, soil moisture and reference evapotranspiration, a column per year: the README's picture."""
    grid = figure.add_gridspec(3, len(years), height_ratios=(1, 3, 1.5))
    for number, (year, days) in enumerate(years):
        axes = column(figure, grid, number)
        rain(axes[0], days, limits["precipitation_mm"][1])
        axes[0].set_title(f"{year}: rain, mm a day")
        soil_moisture(axes[1], days, limits["soil_moisture"])
        axes[1].set_title("Soil moisture, m³/m³")
        axes[2].plot(days.index, days["eto_mm"].astype(float), color=COLOURS["green"])
        axes[2].set_ylim(limits["eto_mm"])
        axes[2].set_title("Reference evapotranspiration, mm a day")
        _months(axes[2], year)
    named = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(list(named.values()), list(named), loc="outside lower left", ncols=6)


def rain(axes: Axes, days: pd.DataFrame, limit: float) -> None:
    """Hang a year's rain from the top, and shade the days that no gauge measured."""
    fallen = days["precipitation_mm"].astype(float)
    wet = fallen[fallen > 0]
    axes.bar(wet.index, wet, width=1.0, color=COLOURS["blue"])
    axes.set_ylim(limit, 0)
    for first, after in _runs(fallen.isna().to_numpy()):
        span = days.index[first], days.index[after - 1] + pd.Timedelta(days=1)
        axes.axvspan(*span, color=COLOURS["grid"], linewidth=0)
        if after - first > 90:
            middle = span[0] + (span[1] - span[0]) / 2
            axes.text(middle, limit / 2, "not measured", ha="center", va="center", color=COLOURS["soft"])


def soil_moisture(axes: Axes, days: pd.DataFrame, limits: Limits) -> None:
    """Draw each layer's soil moisture with its rises; days without a value are gaps."""
    axes.set_ylim(limits)
    ends = {}
    marked: set[str] = set()
    for layer in LAYERS:
        line = days[moisture(layer)].astype(float)
        if line.notna().any():
            axes.plot(days.index, line, color=COLOURS[LAYER_COLOURS[layer]])
            ends[layer] = float(line.dropna().iloc[-1])
            _mark_rises(axes, rises(days, layer), marked)
    heights = spread(list(ends.values()), gap=(limits[1] - limits[0]) * 0.09)
    for layer, height in zip(ends, heights, strict=True):
        at = (days.index[-1], height)
        colour = COLOURS[LAYER_COLOURS[layer]]
        axes.annotate(layer_name(layer), at, (3, 0), textcoords="offset points", va="center", color=colour)


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Move labels up, as little as needed, until each is `gap` above the next lower one."""
    placed = list(heights)
    lower = -np.inf
    for number in np.argsort(np.array(heights), kind="stable"):
        placed[number] = lower = max(placed[number], lower + gap)
    return placed


def _flows(axes: Axes, days: pd.DataFrame) -> None:
    below = np.zeros(len(days))
    for name, colour, label in GAINS:
        came = days[name].fillna(0).to_numpy(float)
        axes.bar(days.index, came, width=1.0, bottom=below, color=COLOURS[colour], label=_if_any(label, came))
        below += came
    for name, colour, label in LOSSES:
        lost = -days[name].fillna(0).to_numpy(float)
        axes.bar(days.index, lost, width=1.0, color=COLOURS[colour], label=_if_any(label, lost))


def _if_any(label: str, depths: np.ndarray) -> str:
    """Return the label, or what keeps matplotlib from naming it, where there is nothing to see."""
    return label if depths.any() else "_"


def _depletion(axes: Axes, days: pd.DataFrame) -> None:
    lacks, readily = (days[name].to_numpy(float) for name in ("depletion_mm", "readily_available_water_mm"))
    axes.plot(days.index, lacks, color=COLOURS["ink"], label="depletion")
    axes.plot(days.index, readily, color=COLOURS["orange"], label="readily available water")
    axes.plot(
        days.index,
        days["total_available_water_mm"].astype(float),
        color=COLOURS["soft"],
        ls="--",
        label="total available water",
    )
    is_short = lacks > readily
    axes.fill_between(days.index, readily, lacks, where=is_short, color=COLOURS["orange"], alpha=0.25, linewidth=0)


def _mark_rises(axes: Axes, found: pd.DataFrame, marked: set[str]) -> None:
    for cause, (marker, colour) in RISE_MARKS.items():
        own = found[found["cause"] == cause.value]
        label = "_" if cause.value in marked else cause.value
        if not own.empty:
            marked.add(cause.value)
            line = axes.plot(own.index, own["soil_moisture_m3_m3"], ls="none", marker=marker, color=colour, label=label)
            line[0].set(markersize=4.2, markeredgewidth=0.6, markeredgecolor=COLOURS["ink"])


def _stack(axes: Axes, starts: pd.DatetimeIndex, heights: pd.DataFrame) -> None:
    below = np.zeros(len(heights))
    for flag in (int(flag) for flag in heights.columns.to_list()):
        own = heights[flag].to_numpy(float)
        colour = COLOURS[FLAG_COLOURS.get(flag, "ink")]
        axes.bar(starts, own, 6.2, bottom=below, align="edge", color=colour, label=FLAG_NAMES.get(flag, str(flag)))
        below += own


def _legend(*axes: Axes, ncols: int) -> None:
    entries = [entry for each in axes for entry in zip(*each.get_legend_handles_labels(), strict=True)]
    if entries:
        handles, labels = zip(*entries, strict=True)
        axes[0].figure.legend(
            handles, labels, loc="outside lower left", ncols=ncols, handlelength=1.0, columnspacing=1.2
        )


def _months(axes: Axes, year: int) -> None:
    axes.set_xlim(_on_axis(pd.Timestamp(year, 1, 1)), _on_axis(pd.Timestamp(year, 12, 31)))
    axes.set_xticks([_on_axis(pd.Timestamp(year, month, 1)) for month in range(1, 13, 2)], MONTHS[::2])


def _on_axis(day: pd.Timestamp) -> float:
    """Return a day as matplotlib counts them: from 1970-01-01."""
    return float((day - pd.Timestamp(0)).days)


def _runs(chosen: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(int)))
    return [(int(first), int(after)) for first, after in zip(edges[::2], edges[1::2], strict=True)]
