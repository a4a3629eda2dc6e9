"""The sections of the page on the fields themselves: soil, weather, forecast and coverage."""

from collections.abc import Callable

import pandas as pd

from pipelines.report import plots
from pipelines.report.forecast import HORIZON_D, WINDOW_D, NewestScores, against_what_came, skill
from pipelines.report.markup import (
    Markup,
    Number,
    count,
    element,
    figure,
    joined,
    newest_of,
    note,
    paragraph,
    section,
    table,
)
from pipelines.report.season import (
    COVERAGES,
    LAYERS,
    RAIN_MM,
    RISE_M3_M3,
    USABLE_SHARE,
    RiseCause,
    calendar_year,
    coverage,
    moisture,
    rises,
)

FIELDS_SHOWN = 3
YEARS_SHOWN = 4
YEARS_TOLD = 60
NO_DAYS = "There are no field-days yet: gold.field_daily has no rows."
# Below this a difference in skill is not worth a word.
SMALLEST_SKILL = 0.02


def soil(days: pd.DataFrame) -> Markup:
    """Return each field's soil moisture, rain and rises."""
    if days.empty:
        return section("soil", "Soil moisture, rain and irrigation", paragraph(NO_DAYS))
    words = (
        "The data hold no irrigation log. Water that arrives shows as a rise in soil moisture; a rise without rain is "
        "most likely irrigation, but the data alone cannot tell it from a probe that was moved or disturbed."
    )
    return section("soil", "Soil moisture, rain and irrigation", paragraph(words), _per_field(days, _soil_of_field))


def weather(days: pd.DataFrame) -> Markup:
    """Return each field's reference evapotranspiration with what drives it."""
    title = "Reference evapotranspiration"
    if days.empty:
        return section("eto", title, paragraph(NO_DAYS))
    methods = ", ".join(sorted(set(days["eto_method"])))
    words = f"What a short, well-watered grass would evaporate in a day (FAO-56 Penman-Monteith; {methods})."
    return section("eto", title, paragraph(words), _per_field(days, _weather_of_field))


def water(days: pd.DataFrame) -> Markup:
    """Return each field's water balance.

    Shape: days as season.water_days gives them.
    """
    title = "Water of the root zone"
    if days.empty:
        return section(
            "water", title, paragraph("There is no water balance yet: gold.water_balance_daily has no rows.")
        )
    words = (
        "What the root zone lacks to field capacity, by FAO-56's dual crop coefficient. Where it lacks more than the "
        "readily available water, the crop is short of it and transpires less (shaded). The balance knows of "
        "irrigation what silver.operations holds: a field of which nobody records any dries out here."
    )
    return section("water", title, paragraph(words), _per_field(days, _water_of_field))


def forecasts(newest: NewestScores | None, said: pd.DataFrame, days: pd.DataFrame) -> Markup:
    """Return the newest forecasts against what came, and the model's skill against persistence."""
    title = "Soil-water forecast"
    if newest is None:
        return section("forecast", title, paragraph("There are no forecasts yet: scores.irrigation has no rows."))
    skilled = skill(newest)
    content = [
        paragraph(skill_in_words(skilled)),
        _skill_table(skilled),
        _per_field(
            days[days["field_id"].isin(said["field_id"])],
            lambda own, field_id: _forecast_of_field(newest, said, own, field_id),
        ),
    ]
    return section("forecast", title, *content)


def coverages(days: pd.DataFrame) -> Markup:
    """Return on how many days each quantity was usable, per field and year."""
    title = "Coverage of field-days"
    if days.empty:
        return section("coverage", title, paragraph(NO_DAYS))
    words = (
        f"Days on which at least {USABLE_SHARE:.0%} of the expected readings were usable. On the other days gold holds "
        "no value rather than a guess."
    )
    names = [_coverage_heading(name) for name in COVERAGES]
    rows = [
        (row["field_id"], str(row["year"]), *(int(row[name]) for name in ("days", *COVERAGES)))
        for row in coverage(days).sort_values(["year", "field_id"]).to_dict("records")
    ]
    return section(
        "coverage",
        title,
        paragraph(words),
        newest_of(["field", "year", "days in gold", *names], rows, YEARS_TOLD, "field-year"),
    )


def _coverage_heading(column: str) -> str:
    measured = column.removesuffix("_coverage")
    layer = measured.removeprefix("soil_moisture_")
    return f"soil moisture {plots.layer_name(layer)}" if layer in LAYERS else measured.replace("_", " ")


def skill_in_words(skilled: pd.DataFrame) -> str:
    """Return what the skill table says, plainly when the model is no better than persistence."""
    if skilled.empty:
        return "The model's metrics hold no comparison with persistence, so nothing can be said of its skill."
    better = int((skilled["skill"] >= SMALLEST_SKILL).sum())
    worse = int((skilled["skill"] <= -SMALLEST_SKILL).sum())
    verdict = (
        f"On days it had not seen, the model's error is smaller than that of persistence (the soil stays as it is) in "
        f"{better} of {count(len(skilled), 'pair')} of layer and horizon, larger in {worse}, and about equal in "
        f"{len(skilled) - better - worse}."
    )
    if worse:
        verdict += " Where it is larger, today's reading is the better forecast; what the model adds is the interval."
    elif not better:
        verdict += " Its middle value says no more than today's reading; what the model adds is the interval."
    held = skilled["coverage_80"]
    return f"{verdict} Of what then came, the 80 % interval held {held.min():.0%} to {held.max():.0%}."


def _skill_table(skilled: pd.DataFrame) -> Markup:
    headings = [
        "layer",
        "days ahead",
        "field-days tested",
        "model's error (RMSE), m³/m³",
        "persistence's error (RMSE), m³/m³",
        "skill",
        "outcomes inside the 80 % interval",
    ]
    rows = [
        (
            plots.layer_name(str(row["soil_layer"])),
            int(row["horizon_d"]),
            int(row["n"]),
            Number(f"{row['rmse_model_m3_m3']:.4f}"),
            Number(f"{row['rmse_persistence_m3_m3']:.4f}"),
            Number(f"{row['skill']:+.1%}"),
            Number(f"{row['coverage_80']:.0%}"),
        )
        for row in skilled.to_dict("records")
    ]
    meaning = "Skill is the share of persistence's error that the model removes; below zero it adds error."
    return joined([table(headings, rows), note(meaning)]) if rows else Markup("")


def _per_field(days: pd.DataFrame, write: Callable[[pd.DataFrame, str], Markup]) -> Markup:
    fields = sorted(days["field_id"].unique())
    shown = fields[:FIELDS_SHOWN]
    parts = [joined([element("h3", name), write(days[days["field_id"] == name], str(name))]) for name in shown]
    if len(shown) < len(fields):
        parts.append(
            note(f"{count(len(fields) - len(shown), 'more field')} not drawn; 'fieldstream sql' answers for all.")
        )
    return joined(parts)


def _soil_of_field(days: pd.DataFrame, field_id: str) -> Markup:
    measured = [layer for layer in LAYERS if days[moisture(layer)].notna().any()]
    if not measured:
        return paragraph("No layer's soil moisture is usable on any day.")
    values = days[[moisture(layer) for layer in measured]].to_numpy(float)
    limits = plots.around(values)
    deepest_mm = plots.rain_limit(days)
    years = [(year, calendar_year(days, field_id, year)) for year in _years(days)]
    pictures = [plots.soil_year(own, f"{field_id}-{year}", year, limits, deepest_mm) for year, own in years]
    found = pd.concat([rises(own, layer) for _, own in years for layer in measured])
    counts = ", ".join(f"{cause.value}: {int((found['cause'] == cause.value).sum())}" for cause in RiseCause)
    caption = "Water going in shows as a jump, drying as a slope, and days without enough readings as gaps."
    marks = (
        f"Marked is the first day of each rise of {RISE_M3_M3} m³/m³ or more from one day to the next ({counts}). Rain "
        f"means {RAIN_MM:g} mm or more on that day or the day before: gauges under-read, so little counts. In grey "
        "spans no gauge measured, which is not the same as no rain."
    )
    return joined([figure(pictures, caption), note(marks)])


def _weather_of_field(days: pd.DataFrame, field_id: str) -> Markup:
    if days["eto_mm"].isna().all():
        return paragraph("Reference evapotranspiration could not be computed on any day.")
    limits = plots.weather_limits(days)
    pictures = [
        plots.evapotranspiration_year(calendar_year(days, field_id, year), f"{field_id}-{year}", year, limits)
        for year in _years(days)
    ]
    total = days.groupby(days["date"].dt.year)["eto_mm"].agg(["sum", "count"]).tail(YEARS_SHOWN)
    sums = "; ".join(f"{year}: {row['sum']:,.0f} mm over {int(row['count'])} days" for year, row in total.iterrows())
    caption = f"The demand of the air follows radiation and peaks in summer; days without all inputs are gaps ({sums})."
    return figure(pictures, caption)


def _water_of_field(days: pd.DataFrame, field_id: str) -> Markup:
    limits = plots.water_limits(days)
    pictures = [
        plots.water_year(calendar_year(days, field_id, year), f"{field_id}-{year}", year, limits)
        for year in _years(days)
    ]
    sums = "; ".join(_water_in_words(int(str(year)), own) for year, own in days.groupby(days["date"].dt.year))
    caption = "Water that comes lifts the line; what the soil cannot hold percolates."
    assumed = sorted({name for names in days["assumed"] for name in names})
    marks = f"Assumed where it was not known: {', '.join(assumed).replace('_', ' ')}." if assumed else ""
    return joined([figure(pictures, caption), note(f"{sums}. {marks}".strip())])


def _water_in_words(year: int, days: pd.DataFrame) -> str:
    rain, irrigation, used, lost = (
        days[name].sum() for name in ("rain_mm", "irrigation_mm", "eta_mm", "deep_percolation_mm")
    )
    short = count(int((days["ks"] < 1).sum()), "day")
    return (
        f"{year}, {count(len(days), 'day')}: {rain:,.0f} mm of rain and {irrigation:,.0f} mm of irrigation came, "
        f"{used:,.0f} mm evaporated and {lost:,.0f} mm percolated; short of water on {short}"
    )


def _forecast_of_field(newest: NewestScores, said: pd.DataFrame, days: pd.DataFrame, field_id: str) -> Markup:
    windows = {layer: against_what_came(said, days, field_id, layer) for layer in LAYERS}
    drawn = {layer: window for layer, window in windows.items() if not window.empty}
    if not drawn:
        return paragraph(f"No forecast {HORIZON_D} days ahead has met its day yet.")
    pictures = [plots.forecast(window, f"{field_id}-{layer}", layer, HORIZON_D) for layer, window in drawn.items()]
    met = pd.concat(drawn.values()).dropna()
    inside = int(((met["p10"] <= met["came"]) & (met["came"] <= met["p90"])).sum())
    caption = (
        f"The last {WINDOW_D} days up to the newest measurement: {inside} of {len(met)} measured values lie within the "
        f"interval forecast {HORIZON_D} days before."
    )
    learned = newest.learned_until is not None and f"{met.index.max():%Y-%m-%d}" <= newest.learned_until
    caution = "The model in use has learned from these days too, which flatters it here; the table above does not."
    return joined([figure(pictures, caption), *([note(caution)] if learned else [])])


def _years(days: pd.DataFrame) -> list[int]:
    return sorted(int(year) for year in days["date"].dt.year.unique())[-YEARS_SHOWN:]
