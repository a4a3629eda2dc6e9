"""The list of tables says what a scan would say."""

from pathlib import Path

from pipelines.contracts.tables import table_names
from pipelines.jobs.tables import tables
from pipelines.settings import from_environment
from tests.lakes import soil_lake


def test_every_table_is_listed_with_what_its_log_says(tmp_path: Path) -> None:
    settings = from_environment({"FIELDSTREAM_HOME": str(tmp_path)})
    lake = soil_lake(settings.lake)
    summaries = {summary.name: summary for summary in tables(settings)}
    assert tuple(summaries) == table_names()
    silver = summaries["silver.observations"]
    assert (silver.row_count, silver.version, silver.file_count) == (40, 4, 4)
    assert silver.size_bytes == sum(file.stat().st_size for file in lake.path("silver.observations").glob("*.parquet"))
    assert silver.grain == "one row per event, device, property, place and time"
    gold = summaries["gold.field_daily"]
    assert (gold.row_count, gold.version, gold.file_count, gold.size_bytes) == (0, None, 0, 0)
