"""The picture job draws into a file and says whose field it is."""

from datetime import date
from pathlib import Path

from pipelines.jobs.picture import picture
from pipelines.lake.tables import Lake
from pipelines.settings import from_environment


def test_the_first_field_is_drawn(tmp_path: Path) -> None:
    settings = from_environment({"FIELDSTREAM_HOME": str(tmp_path / "home")})
    day = {"date": date(2017, 6, 1), "eto_method": "m", "silver_version": 1, "eto_mm": 5.0}
    Lake(settings.lake).append("gold.field_daily", [day | {"field_id": name} for name in ("north", "east")])
    into = tmp_path / "docs" / "overview.png"
    summary = picture(settings, into)
    assert (summary.path, summary.field_id) == (str(into), "east")
    assert summary.size_bytes == len(into.read_bytes())
