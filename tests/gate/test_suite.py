"""A suite says what the contract and the quantities say, and its digest moves when they do."""

from dataclasses import replace

from pipelines.contracts.quantities import quantities
from pipelines.contracts.tables import table
from pipelines.gate.suite import SLICE, about, digest, suites

OBSERVATIONS = table("silver.observations")
SOIL_MOISTURE = replace(quantities()["soil_moisture"], fail=(0, 0.7))


def rules(name: str) -> list[str]:
    return [
        expectation.meta["rule"]
        for suite in suites(table(name), quantities().values()).values()
        for expectation in suite.expectations
    ]


def test_every_required_column_and_every_quantity_has_its_rule() -> None:
    said = rules("silver.observations")
    assert {rule for rule in said if rule.endswith("is never null")} == {
        f"{column} is never null" for column in OBSERVATIONS.required
    }
    assert {rule.split(" is within ")[0] for rule in said if "is within" in rule} == set(quantities())
    assert len(said) == len(set(said))


def test_a_range_is_said_as_the_quantity_has_it() -> None:
    (ranged,) = (
        expectation
        for expectation in suites(OBSERVATIONS, [SOIL_MOISTURE])[SLICE].expectations
        if expectation.meta["rule"].startswith("soil_moisture")
    )
    assert (ranged.min_value, ranged.max_value) == (0, 0.7)
    assert ranged.meta["rule"] == "soil_moisture is within 0 and 0.7 m3/m3 unless flagged"


def test_a_table_without_observations_has_the_rules_of_any_table() -> None:
    assert rules("reference.fields") == [
        "each column of the files has the contract's type",
        *(f"{column} is never null" for column in sorted(table("reference.fields").required)),
        "no two rows have the same field_id",
        "no row has the field_id of one in an earlier slice",
    ]


def test_the_digest_moves_with_what_is_demanded_and_with_nothing_else() -> None:
    once, again = (digest(suites(OBSERVATIONS, quantities().values())) for _ in range(2))
    narrower = {**quantities(), "soil_moisture": replace(SOIL_MOISTURE, fail=(0, 0.6))}
    assert once == again
    assert digest(suites(OBSERVATIONS, narrower.values())) != once


def test_what_is_no_fault_of_the_rows_that_came_only_warns() -> None:
    demanded = suites(OBSERVATIONS, quantities().values()).values()
    warnings = [each.meta["rule"] for suite in demanded for each in suite.expectations if each.severity == "warning"]
    assert warnings == [
        "device_id is one of reference.devices",
        "the newest reading is at most 604,800 s old when it is taken in",
        "a day has 0.5 to 2 times the rows of the same weekday in the four weeks before",
        "of each property a field has 90% of its readings, first to last",
    ]


def test_ranges_of_absent_properties_are_not_asked() -> None:
    whole = suites(OBSERVATIONS, quantities().values())[SLICE]
    asked = {each.meta["rule"] for each in about(whole, ["soil_moisture", "soil_wetness"]).expectations}
    left_out = {each.meta["rule"] for each in whole.expectations} - asked
    assert {rule.split(" is within ")[0] for rule in left_out} == quantities().keys() - {"soil_moisture"}
