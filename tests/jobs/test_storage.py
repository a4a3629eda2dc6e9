"""Disks that are full or read-only, and limits of the system: one sentence, nothing lost, and on once they are gone."""

import os
import resource
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from pipelines.cli import main
from pipelines.lake.tables import Lake
from pipelines.stream import broker as kafka
from tests.uplinks import uplink

pytestmark = pytest.mark.broker

RECORDS, PARTITIONS = 1200, 2
STREAM = ("stream", "--once", "--engine", "embedded", "--max-records", "400")
EVENTS, OBSERVATIONS = "bronze/events", "silver/observations"


@pytest.fixture(scope="module")
def topic(broker):
    """A tenant whose topic holds records, to be taken in by one home after the other."""
    tenant = "storage"
    kafka.ensure_topic(broker.address, f"{tenant}.telemetry", PARTITIONS)
    with kafka.producer(broker.address) as producer:
        for counter in range(RECORDS):
            value = uplink({"air_temperature": 20.0, "note": f"{counter:0200}"}, counter=counter)
            producer.send(f"{tenant}.telemetry", value, partition=counter % PARTITIONS)
    return tenant


@pytest.fixture
def settings(home_settings, broker, topic):
    settings = replace(home_settings, kafka=broker.address, tenant=topic)
    for name in ("bronze.events", "silver.observations"):
        Lake(settings.lake).create(name)
    return settings


def environment(settings):
    return {
        "FIELDSTREAM_HOME": str(settings.home),
        "FIELDSTREAM_TENANT": settings.tenant,
        "FIELDSTREAM_KAFKA": settings.kafka,
    }


@contextmanager
def small_disk(folder, size):
    """Lay a file system of that size over a folder, with what the folder holds."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f"{folder.name}-aside")
    shutil.copytree(folder, aside)
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield
    finally:
        _run("umount", folder).check_returncode()


def remount(folder, options):
    _run("mount", "-o", f"remount,{options}", folder).check_returncode()


def _run(program, *arguments, env=None):
    command = [shutil.which(program) or program, *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def complete(settings):
    lake = Lake(settings.lake)
    places = Counter(
        zip(*lake.read("bronze.events", columns=["partition", "offset"]).to_pydict().values(), strict=True)
    )
    counters = Counter(lake.read("silver.observations", columns=["sequence"])["sequence"].to_pylist())
    each = RECORDS // PARTITIONS
    assert places == {(partition, offset): 1 for partition in range(PARTITIONS) for offset in range(each)}
    assert counters == dict.fromkeys(range(RECORDS), 1)


@pytest.mark.parametrize(
    ("folder", "options", "says"),
    [
        (f"lake/storage/{EVENTS}", "size=24k", "The disk is full"),
        (f"lake/storage/{EVENTS}/_delta_log", "size=8k", "The disk is full"),
        (f"lake/storage/{OBSERVATIONS}/_delta_log", "size=8k", "The disk is full"),
        (f"lake/storage/{EVENTS}", "ro", "got Read-only file system. Nothing half-written is visible"),
        (f"lake/storage/{OBSERVATIONS}/_delta_log", "ro", "got Read-only file system. Nothing half-written is visible"),
        ("temporary", "size=4k", None),  # the embedded engine needs none
    ],
)
def test_a_folder_that_takes_nothing_more(settings, capsys, monkeypatch, folder, options, says):
    monkeypatch.setenv("TMPDIR", str(settings.home / "temporary"))
    with ExitStack() as mounts:
        at = settings.home / folder
        mounts.enter_context(small_disk(at, options.removeprefix("size=") if "size" in options else "50m"))
        remount(at, options)
        code, err = main(STREAM, environment(settings)), capsys.readouterr().err
        lines = [line for line in err.splitlines() if line.startswith("fieldstream: ")]
        assert (code, len(lines)) == ((0, 0) if says is None else (4, 1)), err
        assert "Traceback" not in err
        assert says is None or says in lines[0]
        remount(at, "rw,size=50m")
        assert main(STREAM, environment(settings)) == 0
        complete(settings)


@pytest.mark.parametrize(
    ("limit", "value", "says"),
    [
        (resource.RLIMIT_NOFILE, 24, "got Too many open files"),
        (resource.RLIMIT_FSIZE, 4_000, "got File too large"),
    ],
)
def test_a_limit_of_the_system(settings, limit, value, says):
    given = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = {**given, **environment(settings), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = _run(sys.executable, "-c", LIMITED, limit, value, *STREAM, env=env)
    assert (done.returncode, len(done.stderr.splitlines())) == (4, 1), done.stderr
    assert says in done.stderr
    assert main(STREAM, environment(settings)) == 0
    complete(settings)


# All is imported before the limit: it is to strike where files are written and sockets opened.
LIMITED = """
import resource, sys
import confluent_kafka.admin, deltalake, duckdb, pyarrow.parquet
from pipelines.cli import entry
from pipelines.jobs import ingest
limit, value = int(sys.argv.pop(1)), int(sys.argv.pop(1))
resource.setrlimit(limit, (value, value))
entry()
"""
