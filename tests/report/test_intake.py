"""Counts over a lake that a reader can count by eye (conftest.RECORDS and OBSERVATIONS)."""

from pipelines.jobs.summary import observations_by_flag
from pipelines.lake.tables import Lake
from pipelines.report.intake import intake
from tests.report.conftest import NOON


def test_every_record_is_counted_under_its_verdict(lake: Lake) -> None:
    counted = intake(lake)
    assert counted.verdicts == {"accepted": 6, "duplicate": 2, "quarantined": 1}
    assert (counted.records, counted.offsets, counted.partitions) == (9, 9, 2)


def test_reasons_are_counted_by_verdict(lake: Lake) -> None:
    found = intake(lake).reasons
    assert sorted(found.itertuples(index=False, name=None)) == [
        ("duplicate", "known_to_the_lake", 1),
        ("duplicate", "repeated_in_batch", 1),
        ("quarantined", "not_json", 1),
    ]


def test_a_record_that_was_lost_breaks_the_balance(lake: Lake) -> None:
    lake.append("bronze.events", [lake.read("bronze.events").to_pylist()[0] | {"partition": 0, "offset": 8}])
    counted = intake(lake)
    assert (counted.records, counted.offsets) == (10, 12)


def test_flags_are_counted_by_property(lake: Lake) -> None:
    assert list(intake(lake).flags.itertuples(index=False, name=None)) == [
        ("air_temperature", 1, 1),
        ("air_temperature", 4, 1),
        ("soil_moisture", 1, 2),
        ("soil_moisture", 3, 1),
    ]


def test_what_neighbours_say_against_an_observation_counts(lake: Lake) -> None:
    said = {"event_key": "e0", "device_id": "d1", "property": "soil_moisture", "phenomenon_time": NOON}
    lake.append(
        "silver.flags",
        [said | {"reason": "spike", "flag": 4, "flag_run": 1, "silver_version": 1, "contract_digest": "made up"}],
    )
    counted = intake(lake)
    found = {(name, flag): n for name, flag, n in counted.flags.itertuples(index=False, name=None)}
    assert found == {
        ("air_temperature", 1): 1,
        ("air_temperature", 4): 1,
        ("soil_moisture", 1): 1,
        ("soil_moisture", 3): 1,
        ("soil_moisture", 4): 1,
    }
    assert observations_by_flag(lake) == {1: 2, 3: 1, 4: 2}
    assert counted.weekly.groupby("flag")["observations"].sum().to_dict() == {1: 2, 3: 1, 4: 2}


def test_weeks_are_those_of_the_field_s_own_time(lake: Lake) -> None:
    """1 June is day 152: (152 - 1) // 7 = 21. 2018-01-01 07:30 UTC is 2017-12-31 23:30 in the field: 364 // 7 = 52."""
    weekly = intake(lake).weekly
    found = {(year.year, week, flag): n for year, week, flag, n in weekly.itertuples(index=False, name=None)}
    assert found == {(2017, 21, 1): 2, (2017, 21, 3): 1, (2017, 21, 4): 1, (2017, 52, 1): 1}


def test_a_lake_without_tables_counts_nothing(empty_lake: Lake) -> None:
    counted = intake(empty_lake)
    assert counted.verdicts == {"accepted": 0, "duplicate": 0, "quarantined": 0}
    assert (counted.offsets, len(counted.flags), len(counted.weekly)) == (0, 0, 0)
