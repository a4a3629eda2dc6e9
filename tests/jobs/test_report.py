"""The report job writes one file, and only when it would say something else."""

import errno
from datetime import date
from pathlib import Path

import pytest

from pipelines.errors import StorageFull
from pipelines.jobs.report import report
from pipelines.lake.tables import Lake
from pipelines.settings import Settings, from_environment


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return from_environment({"FIELDSTREAM_HOME": str(tmp_path / "home")})


def test_a_second_report_of_the_same_tables_writes_nothing(settings: Settings, tmp_path: Path) -> None:
    into = tmp_path / "new" / "report.html"
    first = report(settings, into)
    stamp = into.stat().st_mtime_ns
    second = report(settings, into)
    assert (first.written, second.written) == (True, False)
    assert into.stat().st_mtime_ns == stamp
    assert first.size_bytes == into.stat().st_size
    assert [path.name for path in into.parent.iterdir()] == ["report.html"]


def test_a_new_row_makes_a_new_report(settings: Settings, tmp_path: Path) -> None:
    into = tmp_path / "report.html"
    report(settings, into)
    day = {"field_id": "f", "date": date(2017, 6, 1), "eto_method": "m", "silver_version": 1}
    Lake(settings.lake).append("gold.field_daily", [day])
    assert report(settings, into).written
    assert "1 field, 1 field-days from 2017-06-01" in into.read_text(encoding="utf-8")


def test_a_full_disk_leaves_the_old_report(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    into = tmp_path / "report.html"
    into.write_text("old", encoding="utf-8")

    def full(path: Path, _: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFull, match=r"The disk is full \(.*report\.html\)"):
        report(settings, into)
    assert into.read_text(encoding="utf-8") == "old"
