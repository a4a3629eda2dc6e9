"""The page: every section, in the order a reader asks."""

from importlib.resources import files
from string import Template

import pandas as pd

from pipelines import __version__
from pipelines.lake.tables import Lake
from pipelines.report import field_sections, sections
from pipelines.report.forecast import forecasts, newest_scores
from pipelines.report.intake import intake
from pipelines.report.lineage import gate_results, provenance, restatement
from pipelines.report.markup import Markup, count, element, joined, paragraph, table, text
from pipelines.report.season import field_days, water_days
from pipelines.report.tables import query, versions

CONTENTS = {
    "intake": "What came in",
    "soil": "Soil moisture",
    "eto": "Evapotranspiration",
    "water": "Water balance",
    "forecast": "Forecast",
    "gate": "Gate",
    "restated": "Restated",
    "provenance": "Provenance",
    "coverage": "Coverage",
}
FIELDS_NAMED = 5
FIELDS = """
    select field_id, crop, latitude_deg, longitude_deg, elevation_m from "reference.fields" order by field_id
"""


def page(lake: Lake, tenant: str) -> str:
    """Return the whole page; equal tables give equal bytes."""
    days = field_days(lake)
    newest = newest_scores(lake)
    said = forecasts(lake, newest) if newest else pd.DataFrame()
    body = joined(
        [
            _header(lake, tenant, days),
            sections.came_in(intake(lake)),
            field_sections.soil(days),
            field_sections.weather(days),
            field_sections.water(water_days(lake)),
            field_sections.forecasts(newest, said, days),
            sections.gate(gate_results(lake)),
            sections.restated(restatement(lake)),
            sections.provenance(provenance(lake, newest) if newest else None, __version__),
            field_sections.coverages(days),
        ]
    )
    own = files("pipelines.report")
    return Template(own.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        title=text(f"Fieldstream: {tenant}"),
        style=own.joinpath("style.css").read_text(encoding="utf-8"),
        body=body,
    )


def _header(lake: Lake, tenant: str, days: pd.DataFrame) -> Markup:
    links = [element("a", words, href=f"#{name}") for name, words in CONTENTS.items()]
    held = versions(lake)
    made_from = [(row["table_name"], int(row["version"]), int(row["rows"])) for row in held.to_dict("records")]
    content = [
        element("h1", f"Fieldstream: {tenant}"),
        paragraph(_span(days)),
        *(paragraph(line) for line in _fields(lake)),
        element("nav", joined(element("span", link, " ") for link in links)),
        element("h3", "Made from"),
        table(["table", "version", "rows"], made_from) if made_from else paragraph("No table exists yet."),
    ]
    return element("header", *content)


def _span(days: pd.DataFrame) -> str:
    if days.empty:
        return "The lake holds no field-days yet."
    present = days["date"].drop_duplicates()
    calendar = (present.max() - present.min()).days + 1
    words = (
        f"{count(days['field_id'].nunique(), 'field')}, {len(days):,} field-days from {present.min():%Y-%m-%d} to "
        f"{present.max():%Y-%m-%d}"
    )
    missing = calendar - len(present)
    return words + (f"; {count(missing, 'day')} in between are absent." if missing else ", without a missing day.")


def _fields(lake: Lake) -> list[str]:
    return [
        f"{row['field_id']}: {row['crop'] or 'crop not recorded'}, {abs(row['latitude_deg']):.4f}° "
        f"{'S' if row['latitude_deg'] < 0 else 'N'}, {abs(row['longitude_deg']):.4f}° "
        f"{'W' if row['longitude_deg'] < 0 else 'E'}, elevation {row['elevation_m']:g} m"
        for row in query(lake, FIELDS).head(FIELDS_NAMED).to_dict("records")
    ]
