"""What is written is reported, with its place and size."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.errors import UsageError
from pipelines.jobs.export import export, export_answer
from pipelines.settings import Settings, from_environment
from tests.lakes import soil_lake

SILVER = "silver.observations"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = from_environment({"FIELDSTREAM_HOME": str(tmp_path)})
    soil_lake(settings.lake)
    return settings


@pytest.mark.parametrize(("version", "rows"), [(None, 40), (0, 0), (3, 30)])
def test_a_table_is_written_at_its_version(settings: Settings, tmp_path: Path, version: int | None, rows: int) -> None:
    path = tmp_path / "out.parquet"
    report = export(settings, SILVER, "parquet", path, version=version)
    assert (report.rows, report.size_bytes) == (rows, path.stat().st_size)
    assert pq.read_metadata(path).num_rows == rows


def test_an_answer_larger_than_may_be_printed_is_written(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    asked = "select range, value from range(50000) cross join silver.observations"
    assert export_answer(settings, asked, path, versions={SILVER: 3}).rows == 1_500_000
    assert pq.read_metadata(path).num_rows == 1_500_000


def test_without_a_lake_nothing_is_written(tmp_path: Path) -> None:
    elsewhere = from_environment({"FIELDSTREAM_HOME": str(tmp_path / "elsewhere")})
    for write in (
        lambda: export(elsewhere, SILVER, "csv", tmp_path / "out"),
        lambda: export_answer(elsewhere, "select 1", tmp_path / "out"),
    ):
        with pytest.raises(UsageError, match="There is no lake here"):
            write()
    assert list(tmp_path.iterdir()) == []
