"""Airflow's own home on this machine: its settings, its secrets, and nothing it would otherwise write elsewhere."""

import base64
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from pipelines.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
DAGS = PROJECT / "dags"


def airflow_home(settings: Settings) -> Path:
    """Return the folder of Airflow's database, logs and secrets."""
    return settings.home / "airflow"


def airflow_environment(
    settings: Settings, dags: Path = DAGS, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment in which `airflow` runs the DAGs in `dags` here, making its secrets on first use."""
    home = airflow_home(settings)
    return {
        **{name: value for name, value in environ.items() if not name.startswith(("AIRFLOW", "FIELDSTREAM_"))},
        **_fieldstream(settings),
        "PATH": _before(environ.get("PATH"), Path(sys.executable).parent),
        "PYTHONPATH": _before(environ.get("PYTHONPATH"), PROJECT, PROJECT / "infra" / "airflow" / "local"),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__FERNET_KEY": _secret(home / "secrets" / "fernet_key"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(home / "secrets" / "jwt_secret"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{database(settings)}",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    }


def database(settings: Settings) -> Path:
    """Return the file of Airflow's own database."""
    return airflow_home(settings) / "airflow.db"


def _fieldstream(settings: Settings) -> dict[str, str]:
    """Say these settings as the environment from which a command reads them."""
    said = {
        "FIELDSTREAM_HOME": settings.home,
        "FIELDSTREAM_LAKE": settings.lakes,
        "FIELDSTREAM_CACHE": settings.cache,
        "FIELDSTREAM_TENANT": settings.tenant,
        "FIELDSTREAM_KAFKA": settings.kafka,
        "FIELDSTREAM_KAFKA_PORT": settings.kafka_port,
        "FIELDSTREAM_CORES": settings.cores,
        "FIELDSTREAM_SPARK_MASTER": settings.spark_master,
        "JAVA_HOME": settings.java_home,
    }
    return {variable: str(value) for variable, value in said.items() if value is not None}


def _before(search_path: str | None, *folders: Path) -> str:
    # An empty part would mean the folder we happen to be in, so there must be none.
    return os.pathsep.join([*map(str, folders), *([search_path] if search_path else [])])


def _secret(path: Path) -> str:
    """Return the secret in `path`: 32 random bytes, made on first use, readable by this user only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key)
    return path.read_text(encoding="ascii")
