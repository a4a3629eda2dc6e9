import json

import pytest

from pipelines.cli import main
from pipelines.errors import UsageError
from pipelines.jobs.doctor_lake import doctor_lake
from pipelines.lake.tables import Lake
from tests.lakes import soil_lake

NAME = "silver.observations"
ALL, COUNT = "select * from silver.observations", "select count(*) from silver.observations"


@pytest.fixture
def environment(tmp_path):
    soil_lake(tmp_path / "home" / "lake" / "demo")
    return {"FIELDSTREAM_HOME": str(tmp_path / "home")}


def said(capsys, environment, *words):
    code = main(words, environment)
    return code, *capsys.readouterr()


def test_a_sound_lake(capsys, environment):
    code, out, _ = said(capsys, environment, "doctor", "--lake", "--deep", "--json")
    health = json.loads(out)
    assert (code, health["deep"], health["damage"]) == (0, True, [])
    assert [
        (each["table_name"], each["version"], each["last_good_version"], each["files"]) for each in health["tables"]
    ] == [(NAME, 4, 4, 4)]


def test_damage_ends_with_an_exit_code_and_the_last_good_version_can_be_read(capsys, environment, tmp_path):
    lake = Lake(tmp_path / "home" / "lake" / "demo")
    lake.path(NAME).joinpath("_delta_log/00000000000000000004.json").write_bytes(b"")
    code, out, err = said(capsys, environment, "doctor", "--lake", NAME, "--json")
    (table,) = json.loads(out)["tables"]
    assert (code, table["last_good_version"], len(err.splitlines())) == (3, 3, 1)
    assert f"{NAME}, _delta_log/00000000000000000004.json" in err
    assert table["read_it_with"] == f'fieldstream sql --version {NAME}=3 "{ALL}"'
    code, out, _ = said(capsys, environment, "sql", "--csv", "--version", f"{NAME}=3", COUNT)
    assert (code, out.splitlines()[1]) == (0, "30")
    code, _, err = said(capsys, environment, "sql", COUNT)
    assert (code, "The lake is damaged" in err, len(err.splitlines())) == (3, True, 1)


@pytest.mark.parametrize(
    "command",
    [
        ("gate", "run", NAME),
        ("flag",),
        ("gold", "build"),
        ("quarantine", "redrive", "--reason", "no_time", "--apply"),
        ("maintain", "--apply"),
    ],
)
def test_nothing_is_published_from_a_damaged_lake(capsys, environment, tmp_path, command):
    lake = Lake(tmp_path / "home" / "lake" / "demo")
    next(lake.path(NAME).glob("*.parquet")).unlink()
    before = sorted(path for path in lake.root.rglob("*"))
    code, out, err = said(capsys, environment, *command)
    assert (code, out, "The lake is damaged" in err, len(err.splitlines())) == (3, "", True, 1)
    assert sorted(path for path in lake.root.rglob("*")) == before


def test_what_cannot_be_looked_at(home_settings, capsys, environment):
    with pytest.raises(UsageError, match="There is no lake here"):
        doctor_lake(home_settings)
    assert said(capsys, environment, "doctor", "--lake", "silver.nothing")[0] == 2
    assert said(capsys, environment, "doctor", "--deep")[0] == 2
