"""What is said of a table is what lies in its folder."""

import time
from datetime import UTC, date, datetime
from pathlib import Path

from pipelines.lake.tables import Lake
from pipelines.metrics import catalogue
from pipelines.metrics.tables import table_samples
from tests.field_days import field_days, put_gold
from tests.lakes import soil_lake


def measured(lake: Lake, name: str) -> dict[catalogue.Metric, float]:
    return {sample.metric: sample.value for sample in table_samples(lake) if sample.values == (name,)}


def test_no_table_is_no_sample(tmp_path: Path) -> None:
    assert list(table_samples(Lake(tmp_path / "nowhere"))) == []


def test_sizes_are_those_of_the_files(tmp_path: Path) -> None:
    before = time.time()
    lake = soil_lake(tmp_path)
    found = measured(lake, "silver.observations")
    folder = lake.path("silver.observations")
    data, log = list(folder.glob("*.parquet")), [path for path in (folder / "_delta_log").iterdir() if path.is_file()]
    # Version 0 is the empty table, 1 to 4 hold a file of ten rows each.
    assert (found[catalogue.VERSION], found[catalogue.ROWS], found[catalogue.FILES]) == (4, 40, 4)
    assert found[catalogue.BYTES] == sum(path.stat().st_size for path in data)
    assert (found[catalogue.LOG_FILES], found[catalogue.LOG_BYTES]) == (
        len(log),
        sum(path.stat().st_size for path in log),
    )
    assert before - 1 <= found[catalogue.LAST_COMMIT] <= time.time() + 1


def test_the_newest_day_of_gold_begins_at_midnight(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put_gold(lake, field_days(3, first=date(2026, 6, 1)), field_days(2, field_id="south", first=date(2026, 6, 1)))
    assert measured(lake, "gold.field_daily")[catalogue.NEWEST] == datetime(2026, 6, 3, tzinfo=UTC).timestamp()


def test_a_table_without_a_time_or_without_rows_has_no_newest(tmp_path: Path) -> None:
    lake = soil_lake(tmp_path)
    lake.create("gold.field_daily")
    lake.create("ops.models")
    assert catalogue.NEWEST not in measured(lake, "gold.field_daily")
    assert catalogue.NEWEST not in measured(lake, "ops.models")
    # Told by census.py, which looks at the rows.
    assert catalogue.NEWEST not in measured(lake, "silver.observations")
