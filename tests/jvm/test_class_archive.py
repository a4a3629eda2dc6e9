"""Spark's classes are kept for the next start, and a start does without them where they cannot be."""

import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.jvm.class_archive import class_archive
from pipelines.jvm.java import java_home


def program(path, content):
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{content}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def settings(home_settings, tmp_path):
    return replace(home_settings, cache=tmp_path / "cache")


@pytest.fixture
def jars(tmp_path):
    made = [tmp_path / "one.jar", tmp_path / "two.jar"]
    for jar in made:
        jar.write_bytes(b"PK")
    return made


@pytest.fixture
def writes_the_time(tmp_path, monkeypatch):
    write = "open(os.environ['FIELDSTREAM_CLASSES_TO_WRITE'], 'w').write(str(time.time_ns()))"
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", write))


def archives(settings):
    return set((settings.cache / "classes").glob("*.jsa"))


@pytest.mark.usefixtures("writes_the_time")
def test_the_archive_is_written_once_for_the_same_java_and_jars(settings, tmp_path, jars):
    first = class_archive(settings, tmp_path, jars)
    written = first.read_text()
    assert class_archive(settings, tmp_path, jars) == first
    assert first.read_text() == written
    assert class_archive(settings, tmp_path, jars[:1]) != first
    assert archives(settings) == {first, class_archive(settings, tmp_path, jars[:1])}


@pytest.mark.usefixtures("writes_the_time")
def test_the_same_jars_installed_anew_have_an_archive_of_their_own_in_place_of_the_old(settings, tmp_path, jars):
    # Java compares each jar's time with the one in the archive, and maps nothing where they differ.
    old = class_archive(settings, tmp_path, jars)
    os.utime(jars[0], (1, 1))
    new = class_archive(settings, tmp_path, jars)
    assert new != old
    assert archives(settings) == {new}


def test_two_that_start_at_once_write_it_once(settings, tmp_path, jars, monkeypatch):
    write = "open(os.environ['FIELDSTREAM_CLASSES_TO_WRITE'], 'w').write('classes')"
    count = f"open({str(tmp_path / 'runs')!r}, 'a').write('run ')"
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", f"{count}; time.sleep(0.5); {write}"))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: class_archive(settings, tmp_path, jars), "12")
    assert first == second
    assert (tmp_path / "runs").read_text() == "run "


@pytest.mark.parametrize(
    ("content", "reason"), [("sys.exit('no space left')", "no space left"), ("print('wrote nothing')", "ended with 0")]
)
def test_where_it_cannot_be_written_that_is_said_once(settings, tmp_path, jars, monkeypatch, caplog, content, reason):
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", content))
    with caplog.at_level(logging.WARNING, "fieldstream"):
        assert [class_archive(settings, tmp_path, jars) for _ in range(2)] == [None, None]
    (said,) = caplog.messages
    assert reason in said


def test_a_class_path_with_folders_has_no_archive(settings, tmp_path, jars, monkeypatch):
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert class_archive(settings, tmp_path, jars) is None
    assert not (settings.cache / "classes").exists()


@pytest.mark.spark
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux shows what a process maps")
def test_a_session_maps_it(spark, home_settings):
    from pipelines.jvm.jars import spark_jars

    archive = class_archive(home_settings, java_home(home_settings), spark_jars(home_settings))
    process = spark.sparkContext._gateway.proc.pid
    assert str(archive) in Path(f"/proc/{process}/maps").read_text()
    assert os.access(archive, os.R_OK)
