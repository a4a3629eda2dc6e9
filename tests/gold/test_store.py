"""Gold's tables in the lake: a note of what each was made from, regions replaced, and versions compared."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import WriterConflict
from pipelines.gold import store
from pipelines.gold.region import Region
from pipelines.gold.store import changes, data_file, made_from, recorded, write_region, write_whole
from pipelines.lake.tables import Lake
from tests.gold.relations import drawn

DAILY = "gold.field_daily"


def day(field: str, number: int, eto: float, version: int = 1) -> dict[str, Any]:
    return {
        "field_id": field,
        "date": date(2026, 6, number),
        "eto_mm": eto,
        "eto_method": "m",
        "silver_version": version,
    }


def rows(*days: dict[str, Any]) -> Any:
    from pipelines.contracts.tables import table

    return drawn(DAILY, list(days)).cast(table(DAILY).arrow_schema)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    first, second = rows(day("north", 1, 5), day("south", 1, 5)), rows(day("north", 2, 6), day("south", 2, 6))
    files = [*data_file(lake, DAILY, first), *data_file(lake, DAILY, second)]
    write_whole(lake, DAILY, files, {"silver.observations": 1})
    return lake


def values(lake: Lake) -> dict[tuple[str, int], float]:
    return {(row["field_id"], row["date"].day): row["eto_mm"] for row in lake.read(DAILY).to_pylist()}


def test_a_region_is_replaced_and_other_files_stay(lake: Lake) -> None:
    before = set(lake.open(DAILY).file_uris())
    region = Region(frozenset(["north"]), frozenset([date(2026, 6, 2), date(2026, 6, 3)]))
    write_region(lake, DAILY, rows(day("north", 3, 7, 2)), region, {"silver.observations": 2})
    assert values(lake) == {("north", 1): 5, ("south", 1): 5, ("south", 2): 6, ("north", 3): 7}
    # The file of the first day has none of the region's days by its bounds.
    assert len(before & set(lake.open(DAILY).file_uris())) == 1
    assert (made_from(lake, DAILY, 1), recorded(lake, DAILY)) == (
        {"silver.observations": 1},
        {"silver.observations": 2},
    )


def test_what_differs_between_two_versions(lake: Lake) -> None:
    region = Region(frozenset(["north", "south"]), frozenset([date(2026, 6, 2), date(2026, 6, 3)]))
    new = rows(day("north", 2, 6, 2), day("south", 2, 8, 2), day("north", 3, 7, 2))
    write_region(lake, DAILY, new, region, {"silver.observations": 2})
    found = changes(lake, DAILY, 1, 2)
    assert (found.added, found.restated, found.removed) == (1, 1, 0)
    assert found.restated_from == found.restated_to == date(2026, 6, 2)
    assert found.touched == {"north": date(2026, 6, 3), "south": date(2026, 6, 2)}
    assert {(row["side"], row["field_id"], row["eto_mm"]) for row in found.differing.to_pylist()} == {
        ("then", "south", 6), ("now", "south", 8),
    }  # fmt: skip
    first = changes(lake, DAILY, 0, 1)
    assert (first.added, first.restated, len(first.differing)) == (4, 0, 0)


def test_maintenance_changes_nothing_and_carries_no_note(lake: Lake) -> None:
    lake.open(DAILY).optimize.compact()
    assert recorded(lake, DAILY) == {"silver.observations": 1}
    found = changes(lake, DAILY, 1, 2)
    assert (found.added, found.restated, found.removed) == (0, 0, 0)


def test_of_two_builders_the_second_is_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = lake.open(DAILY)
    region = Region(frozenset(["north"]), frozenset([date(2026, 6, 2)]))
    write_region(lake, DAILY, rows(day("north", 2, 7)), region, {"silver.observations": 2})
    monkeypatch.setattr(store.Lake, "open", lambda *_: stale)
    with pytest.raises(WriterConflict):
        write_region(lake, DAILY, rows(day("north", 2, 9)), region, {"silver.observations": 2})


def test_a_table_that_nobody_built_says_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert recorded(lake, DAILY) is None
    lake.create(DAILY)
    assert recorded(lake, DAILY) is None
