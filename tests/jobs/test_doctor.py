import os
import socket
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipelines.errors import JavaMissing
from pipelines.jobs import doctor as module
from pipelines.jobs.doctor import doctor
from pipelines.jvm import jars, java
from pipelines.lake.tables import Lake
from pipelines.places import place


def finding(name, settings):
    return next(found for found in doctor(settings) if found.name == name)


@pytest.fixture(autouse=True)
def java_17(monkeypatch):
    """Nothing here depends on the Java of this machine."""
    monkeypatch.setattr(java, "java_home", lambda _: "/jdk17")


def test_what_is_well_has_no_fix(home_settings):
    wrong = [found for found in doctor(home_settings) if (not found.ok and not found.fix) or (found.ok and found.fix)]
    assert wrong == []
    assert finding("broker", home_settings).found == "not running; 'fieldstream up' starts it"


@pytest.mark.parametrize(
    ("name", "patched", "value", "found", "fix"),
    [
        ("disk of home", "disk_usage", lambda _: SimpleNamespace(free=4 * 2**30), "4.0 GiB free", "5 GiB are needed"),
        ("memory", "virtual_memory", lambda: SimpleNamespace(available=2**30), "1.0 GiB", "3 GiB are needed"),
    ],
)
def test_too_little_room(home_settings, monkeypatch, name, patched, value, found, fix):
    monkeypatch.setattr(module.psutil, patched, value)
    said = finding(name, home_settings)
    assert (said.ok, found in said.found, fix in said.fix) == (False, True, True)


def test_java_that_does_not_fit(home_settings, monkeypatch):
    def missing(_):
        raise JavaMissing("no Java", where="PATH", expected="Java 17 to 23", got="Java 11", fix="Run 'make jdk'.")

    monkeypatch.setattr(java, "java_home", missing)
    said = finding("Java", home_settings)
    assert (said.ok, said.found, said.fix) == (False, "Java 11 (needed: Java 17 to 23)", "Run 'make jdk'.")


def test_another_version_than_the_locked_one(home_settings, monkeypatch, tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("duckdb==0.1.0 \\\n    --hash=sha256:00\nother==1\n")
    monkeypatch.setattr(module, "LOCK", lock)
    said = finding("package versions", home_settings)
    assert said.ok is False
    assert "instead of 0.1.0" in said.found


def test_the_installed_versions_are_the_locked_ones(home_settings):
    assert finding("package versions", home_settings).ok


def test_jars_absent_and_damaged(home_settings, tmp_path):
    settings = replace(home_settings, cache=tmp_path / "cache")
    assert finding("broker jars", settings).found == "not here yet; downloaded at first use"
    folder = jars.folder("broker", settings.cache)
    folder.mkdir(parents=True)
    said = finding("broker jars", settings)
    assert (said.ok, "kafka_2.13-4.3.1.jar" in said.found, str(folder) in said.fix) == (False, True, True)


def test_a_home_that_cannot_be_written(home_settings, tmp_path):
    (tmp_path / "file").touch()
    said = finding("home", replace(home_settings, home=tmp_path / "file" / "home"))
    assert (said.ok, "FIELDSTREAM_HOME" in said.fix) == (False, True)


def test_a_clock_behind_the_lake(home_settings):
    lake = Lake(home_settings.lake)
    lake.create("gold.field_daily")
    commit = lake.path("gold.field_daily") / "_delta_log" / f"{0:020}.json"
    assert finding("clock", home_settings).ok
    os.utime(commit, (time.time() + 3600,) * 2)
    said = finding("clock", home_settings)
    seconds = int(said.found.removesuffix(" s behind the files"))
    assert not said.ok
    assert 3500 < seconds <= 3600


def test_a_lake_in_a_bucket_that_is_not_there(home_settings, store):  # noqa: ARG001 - where it is looked for
    settings = replace(home_settings, lakes=place("s3://nobodys/lakes"))
    said = finding("lake", settings)
    assert (said.ok, said.found, "FIELDSTREAM_LAKE" in said.fix) == (False, "s3://nobodys: none of that name", True)
    assert finding("clock", settings).ok


def test_a_broker_that_does_not_answer(home_settings):
    said = finding("broker", replace(home_settings, kafka="127.0.0.1:9"))
    assert (said.ok, said.found) == (False, "127.0.0.1:9 does not answer")


def test_a_port_in_use(home_settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = finding("broker", replace(home_settings, kafka_port=port))
    assert (said.ok, said.found) == (False, f"port {port} is in use")
