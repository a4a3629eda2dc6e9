"""Airflow's home on this machine: everything inside it, and its secrets its owner's alone."""

import base64
import stat
from pathlib import Path

import pytest

from pipelines.local.airflow_home import airflow_environment
from pipelines.settings import Settings, from_environment

SECRETS = {"AIRFLOW__CORE__FERNET_KEY": "fernet_key", "AIRFLOW__API_AUTH__JWT_SECRET": "jwt_secret"}


def settings(home: Path) -> Settings:
    said = {"HOME": home, "TENANT": "acme", "KAFKA": "127.0.0.1:9092", "CORES": "2", "SPARK_MASTER": "local[1]"}
    return from_environment({f"FIELDSTREAM_{name}": str(value) for name, value in said.items()})


def test_a_command_reads_the_very_settings_that_were_given(tmp_path: Path) -> None:
    given = settings(tmp_path)
    assert from_environment(airflow_environment(given, environ={"FIELDSTREAM_KAFKA_PORT": "1"})) == given


@pytest.mark.parametrize(("variable", "file"), SECRETS.items())
def test_a_secret_is_random_kept_and_private(tmp_path: Path, variable: str, file: str) -> None:
    here, elsewhere = settings(tmp_path / "a"), settings(tmp_path / "b")
    secret = airflow_environment(here)[variable]
    path = tmp_path / "a" / "airflow" / "secrets" / file
    assert len(base64.urlsafe_b64decode(secret)) == 32
    assert airflow_environment(here)[variable] == secret == path.read_text()
    assert airflow_environment(elsewhere)[variable] != secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_every_file_of_airflow_lies_in_the_home(tmp_path: Path) -> None:
    environment = airflow_environment(settings(tmp_path))
    assert environment["AIRFLOW_HOME"] == f"{tmp_path}/airflow"
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == f"sqlite:///{tmp_path}/airflow/airflow.db"


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("FIELDSTREAM_TENANT", "acme"),
        ("FIELDSTREAM_CORES", "2"),
        ("FIELDSTREAM_KAFKA", "127.0.0.1:9092"),
        ("PATH_OF_MINE", "kept"),
        ("AIRFLOW__CORE__EXECUTOR", None),
    ],
)
def test_commands_see_these_settings_and_not_the_airflow_of_the_shell(
    tmp_path: Path, variable: str, said: str | None
) -> None:
    shell = {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "FIELDSTREAM_TENANT": "other",
        "FIELDSTREAM_CORES": "64",
        "PATH_OF_MINE": "kept",
    }
    environment = airflow_environment(settings(tmp_path), environ=shell)
    assert environment.get(variable) == said


def test_search_paths_have_no_empty_part(tmp_path: Path) -> None:
    environment = airflow_environment(settings(tmp_path), environ={})
    assert all(environment["PATH"].split(":"))
    assert all(environment["PYTHONPATH"].split(":"))
