"""What the commands on tables print, and where it goes."""

from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.settings import from_environment
from tests.lakes import soil_lake


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    environ = {"FIELDSTREAM_HOME": str(tmp_path)}
    soil_lake(from_environment(environ).lake)
    return environ


def test_maintenance_says_first_what_there_is_to_do(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["maintain"], environ) == 0
    assert capsys.readouterr().out.splitlines() == [
        "applied    false",
        "keep days  7",
        "tables",
        "  table name           files  joined files  orphan files  expired files  freed bytes  note",
        "  -------------------  -----  ------------  ------------  -------------  -----------  ----",
        "  silver.observations      4             0             0              0            0  null",
    ]
