"""What gold reads: admitted rows with the worst of their flags, and no file that cannot hold any."""

from datetime import date
from pathlib import Path

from pipelines.gold.inputs import Versions, field_days, lay_out, months, opened
from pipelines.gold.region import EVERYTHING, Region
from pipelines.lake.flagged import FLAGS
from pipelines.lake.tables import Lake
from tests.gold.lakes import MIDNIGHT, SILVER, decide, moisture, two_fields

FIRST, SECOND = date(2026, 6, 1), date(2026, 6, 2)


def versions(lake: Lake) -> Versions:
    return Versions(*(lake.version(name) for name in (SILVER, FLAGS, "reference.devices", "reference.fields")))


def counts(lake: Lake, region: Region = EVERYTHING) -> dict[tuple[str, int], tuple[int, float]]:
    """Usable readings and their mean by field and day of June."""
    with opened(lake, versions(lake), cores=1) as connection:
        lay_out(connection, lake, versions(lake), region, (FIRST, SECOND))
        found = connection.execute(
            'select field_id, date, sum("count")::int, max(greatest) from hours group by 1, 2'
        ).fetchall()
    return {(field, day.day): (count, greatest) for field, day, count, greatest in found}


def test_a_region_is_read_and_nothing_else(tmp_path: Path) -> None:
    lake = two_fields(tmp_path)
    lake.append(SILVER, moisture(1, 0.3) + moisture(2, 0.2) + moisture(3, 0.1) + moisture(1, 0.25, device="south-1"))
    decide(lake)
    assert counts(lake) == {("north", 1): (48, 0.3), ("north", 2): (48, 0.2), ("south", 1): (48, 0.25)}
    assert counts(lake, Region(frozenset(["north"]), frozenset([SECOND]))) == {("north", 2): (48, 0.2)}


def test_rows_that_the_gate_holds_are_left_out(tmp_path: Path) -> None:
    lake = two_fields(tmp_path)
    lake.append(SILVER, moisture(1, 0.3))
    decide(lake)
    lake.append(SILVER, moisture(2, 0.2))
    where = {
        "topic": "acme.telemetry",
        "partition": 0,
        "first_offset": 200,
        "last_offset": 223,
        "ingest_time": MIDNIGHT,
    }
    decide(lake, "held", 1, row_bounds=[where])
    assert counts(lake) == {("north", 1): (48, 0.3), ("north", 2): (24, 0.2)}


def test_what_its_neighbours_fail_is_not_usable(tmp_path: Path) -> None:
    lake = two_fields(tmp_path)
    rows = moisture(1, 0.3)
    rows[7]["value"] = 0.6
    lake.append(SILVER, rows)
    decide(lake)
    assert counts(lake) == {("north", 1): (48, 0.6)}
    key = ("event_key", "device_id", "property", "depth_cm", "phenomenon_time")
    said = {"reason": "spike", "flag": 4, "flag_run": 1, "silver_version": 1, "contract_digest": "41aa"}
    lake.append(FLAGS, [{name: rows[7][name] for name in key} | said])
    assert counts(lake) == {("north", 1): (47, 0.3)}
    lake.append(FLAGS, [{name: rows[7][name] for name in key} | said | {"flag": 1, "flag_run": 2}])
    assert counts(lake) == {("north", 1): (48, 0.6)}


def test_months_are_those_in_which_some_field_may_have_a_day(tmp_path: Path) -> None:
    lake = two_fields(tmp_path)
    lake.append(SILVER, moisture(1, 0.3) + moisture(75, 0.3))
    with opened(lake, versions(lake), cores=1) as connection:
        found = months(connection, lake, versions(lake))
        assert {first.month for first, _ in found} >= {6, 8}
        assert 7 not in {first.month for first, _ in found}
        files = lake.open(SILVER).file_uris()
        assert {(field, str(day)) for field, day in field_days(connection, files)} == {
            ("north", "2026-06-01"), ("north", "2026-08-14"),
        }  # fmt: skip
        assert field_days(connection, []) == []
