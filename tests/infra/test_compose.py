"""docker-compose.yml, checked as far as it can be without a daemon: pins, health, order, ports, secrets, mounts."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from pipelines.places import place
from pipelines.settings import from_environment

PROJECT = Path(__file__).resolve().parents[2]
FILE = PROJECT / "docker-compose.yml"
MAKE_BUCKET = (PROJECT / "infra/storage/make-bucket.sh").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

# Each runs once and ends: what it does, others wait for.
# Laid over the other file, for a lake in the store.
IN_STORE: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "infra/storage/lake.yml").read_text())["services"]

ONCE = {"secrets", "airflow-init", "storage-init"}
OURS = "fieldstream:0.1.0"
IMAGES = {
    "apache/kafka:4.3.1",
    "postgres:17.10-alpine3.23",
    "chrislusf/seaweedfs:4.48",
    "prom/prometheus:v3.5.0",
    "grafana/grafana:12.1.1",
    OURS,
}
PUBLISHED = {
    "kafka": ["127.0.0.1:9092:9092"],
    "airflow-api-server": ["127.0.0.1:8080:8080"],
    "spark-master": ["127.0.0.1:8081:8080"],
    "storage": ["127.0.0.1:8333:8333"],
    "prometheus": ["127.0.0.1:9090:9090"],
    "grafana": ["127.0.0.1:3000:3000"],
}
# What a program is told of a secret: the file it stands in, or the command that prints that file.
SECRET_NAME = re.compile(r"PASSWORD|SECRET|FERNET|TOKEN|CREDENTIAL|ACCESS_KEY|SQL_ALCHEMY_CONN")
BY_REFERENCE = re.compile(r"(cat )?/run/secrets/[a-z-]+/[a-z0-9_.]+")


def read_env(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def environment(service: dict[str, Any]) -> dict[str, str]:
    from_files = [read_env(PROJECT / file) for file in service.get("env_file", [])]
    return {name: value for part in [*from_files, service.get("environment", {})] for name, value in part.items()}


def mounts(service: dict[str, Any]) -> dict[str, str]:
    return {volume.split(":")[1]: volume.split(":")[0] for volume in service.get("volumes", [])}


@pytest.fixture(params=sorted(SERVICES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def service(name: str) -> dict[str, Any]:
    return SERVICES[name]


def test_the_whole_stack_is_there() -> None:
    airflow = {f"airflow-{part}" for part in ("init", "scheduler", "api-server", "triggerer", "dag-processor")}
    rest = {"kafka", "postgres", "spark-master", "spark-worker", "storage", "storage-init", "secrets"}
    monitoring = {"metrics", "prometheus", "grafana"}
    assert set(SERVICES) == airflow | rest | monitoring


def test_images_are_the_ones_we_named(service: dict[str, Any]) -> None:
    assert service["image"] in IMAGES
    assert ("build" in service) == (service["image"] == OURS)


def test_the_dockerfile_starts_from_an_exact_tag_and_hash_locked_lists() -> None:
    dockerfile = (PROJECT / "infra/images/fieldstream/Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["python:3.11.15-slim-bookworm"]
    installs = re.findall(r"pip install [^&\n]*-r (\S+)", dockerfile)
    assert installs == ["requirements.lock", "postgres.lock"]
    assert dockerfile.count("--require-hashes") == len(installs)


def test_what_the_dockerfile_copies_is_in_the_build_context() -> None:
    dockerfile = (PROJECT / "infra/images/fieldstream/Dockerfile").read_text()
    allowed = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = [source for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for source in line.split()]
    assert {source.split("/")[0] for source in sources} == allowed


def test_a_service_that_stays_tells_its_health(name: str, service: dict[str, Any]) -> None:
    assert ("healthcheck" in service) == (name not in ONCE)
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    if name not in ONCE:
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])
        assert service["healthcheck"]["test"][0] == "CMD"


def test_it_waits_for_what_it_needs(service: dict[str, Any]) -> None:
    for needed, how in service.get("depends_on", {}).items():
        expected = "service_completed_successfully" if needed in ONCE else "service_healthy"
        assert how == {"condition": expected}


def test_who_reads_a_secret_starts_after_it_is_made(name: str, service: dict[str, Any]) -> None:
    def before(one: str) -> set[str]:
        needed = set(SERVICES[one].get("depends_on", {}))
        return needed.union(*map(before, needed))

    if name != "secrets" and any(source.startswith("secrets-") for source in mounts(service).values()):
        assert "secrets" in before(name)


def test_ports_are_bound_to_loopback_only(name: str, service: dict[str, Any]) -> None:
    assert service.get("ports", []) == PUBLISHED.get(name, [])
    networks = service.get("networks", [])
    assert ("published" in networks) == (name in PUBLISHED)
    assert service.get("network_mode") == ("none" if name == "secrets" else None)


def test_the_services_network_reaches_nothing_outside() -> None:
    assert COMPOSE["networks"] == {"services": {"internal": True}, "published": {}}


def test_it_is_limited(service: dict[str, Any]) -> None:
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged", False)


def test_secrets_stand_in_files_and_nowhere_else(service: dict[str, Any]) -> None:
    secrets = {name: value for name, value in environment(service).items() if SECRET_NAME.search(name)}
    for name, value in secrets.items():
        assert re.search(r"_(CMD|FILE)$", name), f"{name} holds a secret itself"
        assert BY_REFERENCE.fullmatch(value), f"{name}={value} names no file of a secret"
        folder = value.removeprefix("cat ").rpartition("/")[0]
        if folder != "/run/secrets/airflow-login":  # read by the API server alone
            assert folder in mounts(service)


def test_nothing_is_read_from_the_shell_or_a_dotenv_file() -> None:
    assert re.findall(r"(?<!\$)\$\{?[A-Za-z_]", FILE.read_text()) == []


def test_mounts_exist(service: dict[str, Any]) -> None:
    for source in mounts(service).values():
        if source.startswith("."):
            assert (PROJECT / source).is_file()
        else:
            assert source in COMPOSE["volumes"]


def test_no_volume_lies_unused() -> None:
    services = (*SERVICES.values(), *IN_STORE.values())
    used = {source for service in services for source in mounts(service).values()}
    assert set(COMPOSE["volumes"]) == {source for source in used if not source.startswith(".")}


def test_files_that_commands_name_are_in_the_image(service: dict[str, Any]) -> None:
    test = service.get("healthcheck", {}).get("test", [])
    named = [word for word in test if word.startswith("/opt/fieldstream/")]
    named += [value for value in environment(service).values() if value.startswith("/opt/fieldstream/")]
    for path in named:
        assert (PROJECT / path.removeprefix("/opt/fieldstream/")).exists()


def test_each_secret_is_seen_by_its_reader_alone() -> None:
    readers: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for source in mounts(service).values():
            if source.startswith("secrets-") and name != "secrets":
                readers.setdefault(source, set()).add(name)
    airflow = {name for name in SERVICES if name.startswith("airflow-")}
    assert readers == {
        "secrets-postgres": {"postgres"},
        "secrets-airflow": airflow,
        "secrets-airflow-login": {"airflow-api-server"},
        "secrets-spark": {"spark-master", "spark-worker", "airflow-scheduler"},
        "secrets-storage": {"storage"},
        "secrets-grafana": {"grafana"},
    }


def test_whoever_works_on_the_lake_finds_it_in_the_store() -> None:
    assert set(IN_STORE) == {name for name, service in SERVICES.items() if "lake" in mounts(service).values()}
    for service in IN_STORE.values():
        given = service["environment"]
        assert from_environment(given).lake == place("s3://fieldstream/lakes/demo")
        host, port = urlsplit(given["AWS_ENDPOINT_URL"]).netloc.split(":")
        assert f"-s3.port={port}" in SERVICES[host]["command"]
        assert f"s3.bucket.create -name {place(given['FIELDSTREAM_LAKE']).parts[0]}\\n" in MAKE_BUCKET
        assert mounts(service) == {str(Path(given["AWS_SHARED_CREDENTIALS_FILE"]).parent): "secrets-lake"}
        assert {"storage", "storage-init"} <= set(service["depends_on"])


def compose_command() -> list[str] | None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0
        ):
            return command
    return None


def test_compose_itself_accepts_the_file() -> None:
    command = compose_command()
    if command is None:
        pytest.skip("docker compose is not installed; the checks above stand alone")
    run = subprocess.run(
        [*command, "--file", str(FILE), "config", "--quiet"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
