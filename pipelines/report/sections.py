"""The sections of the page on what came in, where it comes from and what late data changed."""

from collections import Counter

import pandas as pd

from pipelines.report import plots
from pipelines.report.intake import Intake
from pipelines.report.lineage import Provenance, Restatement
from pipelines.report.markup import Markup, count, element, figure, joined, newest_of, paragraph, section, table
from pipelines.report.season import moisture

YEARS_SHOWN = 4
RESTATED_DAYS_SHOWN = 60
SLICES_SHOWN = 30
RESTATED = ("eto_mm", *(moisture(layer) for layer in plots.LAYER_COLOURS))


def came_in(counted: Intake) -> Markup:
    """Return what came in: verdicts, conservation, flags."""
    if not counted.records:
        return section("intake", "What came in", paragraph("Nothing has come in yet: bronze.events has no rows."))
    tiles = [_tile(records, verdict) for verdict, records in counted.verdicts.items()]
    return section(
        "intake",
        "What came in",
        element("div", *tiles, class_="tiles"),
        paragraph(conservation(counted)),
        _reasons(counted),
        _flags(counted),
    )


def conservation(counted: Intake) -> str:
    """Return the sentence that sets the verdicts against what Kafka gave."""
    sums = " + ".join(f"{verdict} {records:,}" for verdict, records in counted.verdicts.items())
    read = f"{counted.offsets:,} offsets read from {count(counted.partitions, 'partition')}"
    if counted.lost:
        read += f", {counted.lost:,} of them lost before and accepted as that"
    lost = counted.offsets - counted.lost - counted.records
    verdict = "every record has one verdict" if lost == 0 else f"these differ by {abs(lost):,}: look into it"
    return f"{sums} = {counted.records:,} records; {read}: {verdict}."


def _reasons(counted: Intake) -> Markup:
    if counted.reasons.empty:
        return paragraph("No record carries a reason: none was a duplicate or quarantined.")
    rows = [(row["verdict"], row["reason"], int(row["records"])) for row in counted.reasons.to_dict("records")]
    return joined([element("h3", "Reasons given on records"), table(["verdict", "reason", "records"], rows)])


def _flags(counted: Intake) -> Markup:
    title = element("h3", "Observations by quality flag (QARTOD)")
    if counted.flags.empty:
        return joined([title, paragraph("There are no observations yet: silver.observations has no rows.")])
    counts = counted.flags.pivot_table(
        index="property", columns="flag", values="observations", aggfunc="sum", fill_value=0
    )
    named = [int(flag) for flag in counts.columns.to_list()]
    headings = ["property", *(f"{flag} {plots.FLAG_NAMES.get(flag, '')}" for flag in named), "all"]
    rows = [(name, *(int(value) for value in row), int(row.sum())) for name, row in counts.iterrows()]
    total = ("all", *(int(value) for value in counts.sum()), int(counts.to_numpy().sum()))
    words = (
        "Each with the worst of its flags: of those it came in with, and of what its neighbours in time say against it."
    )
    return joined([title, paragraph(words), table(headings, [*rows, total]), _weekly(counted.weekly)])


def _weekly(weekly: pd.DataFrame) -> Markup:
    weekly = weekly.assign(year=pd.to_datetime(weekly["year_start"]).dt.year)
    sums = weekly.groupby(["year", "week"])["observations"].sum()
    good = weekly[weekly["flag"] == 1].set_index(["year", "week"])["observations"].reindex(sums.index, fill_value=0)
    limit = float((1 - good / sums).max() * 100)
    years = sorted(weekly["year"].unique())[-YEARS_SHOWN:]
    pictures = [plots.flags_per_week(weekly[weekly["year"] == year], int(year), limit) for year in years]
    caption = (
        "Each bar is a week: the upper ones are low where readings never came, the lower ones rise where what came was "
        "suspect, failed or empty."
    )
    return figure(pictures, caption)


def restated(found: Restatement | None) -> Markup:
    """Return what the newest version of gold changed in days already published."""
    if found is None:
        none = "No earlier version of gold.field_daily says anything else: nothing has been restated."
        return section("restated", "What late data changed", paragraph(none))
    changes = found.changes
    days = changes.groupby(["field_id", "date"])
    words = (
        f"Version {found.version} of gold.field_daily against version {found.earlier_version}: "
        f"{count(days.ngroups, 'day')} restated ({count(len(changes), 'value')}), "
        f"{count(found.days_added, 'day')} added, {count(found.days_removed, 'day')} removed."
    )
    columns = [column for column in RESTATED if (changes["column"] == column).any()]
    rows = [_restated_day(own, columns) for _, own in days]
    headings = ["field", "day", "values changed", *(_restated_heading(column) for column in columns)]
    content = [paragraph(words), *([newest_of(headings, rows, RESTATED_DAYS_SHOWN, "day")] if rows else [])]
    return section("restated", "What late data changed", *content)


def _restated_day(changes: pd.DataFrame, columns: list[str]) -> tuple[object, ...]:
    field_id, day = changes["field_id"].iloc[0], changes["date"].iloc[0]
    said = {row["column"]: _before_after(row["before"], row["after"]) for row in changes.to_dict("records")}
    return field_id, f"{day:%Y-%m-%d}", len(changes), *(said.get(column, "") for column in columns)


def _before_after(*values: float) -> str:
    return " → ".join("none" if pd.isna(value) else f"{value:.3f}" for value in values)


def _restated_heading(column: str) -> str:
    if column == "eto_mm":
        return "reference evapotranspiration, mm"
    return f"soil moisture {plots.layer_name(column.removeprefix('soil_moisture_').removesuffix('_m3_m3'))}, m³/m³"


def gate(results: pd.DataFrame) -> Markup:
    """Return what the gate decided, oldest first."""
    if results.empty:
        return section("gate", "What the gate decided", paragraph("The gate has not judged anything yet."))
    verdicts = Counter(row["gate_verdict"] for row in results.sort_values("gate_verdict").to_dict("records"))
    words = ", ".join(f"{slices:,} {verdict}" for verdict, slices in verdicts.items())
    headings = ["table", "slice", "rows", "expectations", "verdict", "what did not hold"]
    rows = [
        (
            row["table_name"],
            _slice(row["from_version"], row["to_version"]),
            int(row["row_count"]),
            int(row["expectation_count"]),
            row["gate_verdict"],
            "; ".join(row["failed_expectations"]),
        )
        for row in results.to_dict("records")
    ]
    sentence = f"{count(len(rows), 'slice')} judged: {words}. Gold is built from admitted versions only."
    return section(
        "gate", "What the gate decided", paragraph(sentence), newest_of(headings, rows, SLICES_SHOWN, "slice")
    )


def provenance(found: Provenance | None, code_version: str) -> Markup:
    """Return the way back from the newest scores to what they were made from."""
    title = "Where the newest scores come from"
    if found is None:
        return section("provenance", title, paragraph("There are no scores yet."))
    scores = found.scores
    judged = "no judgement found" if found.gate_slice is None else f"{found.gate_verdict}: {_slice(*found.gate_slice)}"
    facts = {
        "scores": f"{scores.scores:,}, of which {scores.missing:,} say what was missing; last day {scores.last_date}",
        "model": scores.model_name,
        "model digest": element("code", scores.model_digest),
        "trained on": _known(scores.trained_on, "gold.field_daily version {}"),
        "training job": _known(scores.job_key, "{}"),
        "scored": f"gold.field_daily version {scores.gold_version}",
        "built from": _known(found.silver_version, "silver.observations version {}"),
        "gate": judged,
        "gate's suite": element("code", found.suite_digest or "unknown"),
        "training code": _known(found.code_digest, "{}"),
        "this page": f"fieldstream {code_version}",
    }
    terms = [joined([element("dt", name), element("dd", fact)]) for name, fact in facts.items()]
    return section("provenance", title, element("dl", *terms))


def _slice(from_version: int, to_version: int) -> str:
    """Return a slice's versions; `from_version` is the last one before it."""
    first = from_version + 1
    return f"version {to_version}" if first == to_version else f"versions {first} to {to_version}"


def _known(fact: object | None, words: str) -> str:
    return "not recorded" if fact is None else words.format(fact)


def _tile(value: int, label: str) -> Markup:
    return element("div", element("b", f"{value:,}"), element("span", label), class_="tile")
