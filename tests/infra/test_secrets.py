"""The secrets of docker-compose.yml: random, private, made once, and of the form that their readers want."""

import base64
import configparser
import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
GENERATE = PROJECT / "infra" / "secrets" / "generate.sh"
SPARK_DEFAULTS = PROJECT / "infra" / "spark" / "compose" / "spark-defaults.conf"
FOLDERS = ("postgres", "airflow", "airflow-login", "spark", "storage", "lake", "grafana")
FILES = {
    "postgres/password",
    "airflow/database_url",
    "airflow/fernet_key",
    "airflow/jwt_secret",
    "airflow/session_secret",
    "airflow-login/passwords.json",
    "spark/secret",
    "spark/spark-defaults.conf",
    "storage/s3.json",
    "lake/credentials",
    "grafana/password",
}


FILES_OF_KEYS = ("airflow/fernet_key", "airflow/jwt_secret", "postgres/password", "spark/secret", "grafana/password")


def generate(root: Path) -> dict[str, str]:
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    shell = shutil.which("sh")
    assert shell is not None
    subprocess.run([shell, str(GENERATE), str(root), str(SPARK_DEFAULTS)], check=True)
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_every_secret_is_made(tmp_path: Path) -> None:
    assert set(generate(tmp_path)) == FILES


def test_a_secret_is_kept_and_no_two_machines_share_one(tmp_path: Path) -> None:
    first = generate(tmp_path / "a")
    assert generate(tmp_path / "a") == first
    assert not set(first.values()) & set(generate(tmp_path / "b").values())


def test_a_half_written_secret_is_made_anew(tmp_path: Path) -> None:
    generate(tmp_path)
    (tmp_path / "spark" / "secret").write_text("")
    assert len(base64.urlsafe_b64decode(generate(tmp_path)["spark/secret"])) == 32


def test_only_its_user_reads_it(tmp_path: Path) -> None:
    generate(tmp_path)
    modes = {stat.S_IMODE((tmp_path / file).stat().st_mode) for file in FILES}
    assert modes == {0o600}
    assert {stat.S_IMODE((tmp_path / folder).stat().st_mode) for folder in FOLDERS} == {0o700}


@pytest.mark.parametrize("file", FILES_OF_KEYS)
def test_a_key_is_32_random_bytes(tmp_path: Path, file: str) -> None:
    assert len(base64.b64decode(generate(tmp_path)[file], altchars=b"-_", validate=True)) == 32


def test_airflow_and_postgres_agree_on_the_password(tmp_path: Path) -> None:
    made = generate(tmp_path)
    password = made["postgres/password"]
    assert made["airflow/database_url"] == f"postgresql+psycopg2://airflow:{password}@postgres:5432/airflow"


def test_spark_is_told_its_secret_after_all_else(tmp_path: Path) -> None:
    made = generate(tmp_path)
    expected = f"{SPARK_DEFAULTS.read_text()}spark.authenticate.secret {made['spark/secret']}\n"
    assert made["spark/spark-defaults.conf"] == expected
    settings = dict(line.split() for line in expected.splitlines() if line and not line.startswith("#"))
    assert settings["spark.authenticate"] == "true"
    assert settings["spark.network.crypto.enabled"] == "true"
    assert settings["spark.master.rest.enabled"] == "false"


def test_logins_are_what_airflow_and_the_store_parse(tmp_path: Path) -> None:
    made = generate(tmp_path)
    assert set(json.loads(made["airflow-login/passwords.json"])) == {"admin"}
    (identity,) = json.loads(made["storage/s3.json"])["identities"]
    (credential,) = identity["credentials"]
    assert credential["accessKey"] != credential["secretKey"]
    lake = configparser.ConfigParser(interpolation=None)
    lake.read_string(made["lake/credentials"])
    assert dict(lake["default"]) == {
        "aws_access_key_id": credential["accessKey"],
        "aws_secret_access_key": credential["secretKey"],
    }
