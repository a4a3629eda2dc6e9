from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.errors import DataRefused, ServiceUnreachable
from pipelines.jvm import jars
from pipelines.jvm.jars import Pin, broker_jars, damaged, folder, pins, spark_jars

PINS = f"""# two small jars
{sha256(b"one").hexdigest()}  org.a:one:1.0
{sha256(b"two").hexdigest()}  org.b:two_2.13:2.0
"""
# A java that is new enough, and that downloads what the variable `given` says as Ivy would.
JAVA = """#!/bin/sh
case "$1" in -XshowSettings*) printf '    java.home = {home}\\n    java.version = 17\\n' >&2; exit;; esac
for last do :; done
into=$(dirname "$last"); mkdir -p "$into"
{given}
"""


@pytest.fixture
def downloading(tmp_path, home_settings, monkeypatch):
    """Settings whose Java downloads, for two pinned jars, what a shell line says."""

    def settings(given: str):
        home = tmp_path / "jdk"
        (home / "bin").mkdir(parents=True, exist_ok=True)
        (home / "bin" / "java").write_text(JAVA.format(home=home, given=given))
        (home / "bin" / "java").chmod(0o755)
        (tmp_path / "infra").mkdir(exist_ok=True)
        (tmp_path / "infra" / "spark.sha256").write_text(PINS)
        monkeypatch.setattr(jars, "INFRA", tmp_path / "infra")
        return replace(home_settings, cache=tmp_path / "cache", java_home=home)

    return settings


WELL = 'printf one > "$into/one-1.0.jar"; printf two > "$into/two_2.13-2.0.jar"'


def left_in(cache: Path) -> list[str]:
    return sorted(str(path.relative_to(cache / "jars")) for path in (cache / "jars").rglob("*"))


def test_jars_are_downloaded_once(downloading):
    settings = downloading(WELL)
    first = spark_jars(settings)
    assert [jar.read_text() for jar in first] == ["one", "two"]
    assert spark_jars(downloading("exit 1")) == first
    assert {path.split("/")[0] for path in left_in(settings.cache)} == {folder("spark", settings.cache).name}


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        (WELL.replace("two >", "evil >"), DataRefused, r"other bytes for two_2\.13-2\.0\.jar\. "),
        ("echo 'java.net.UnknownHostException: repo'; exit 1", ServiceUnreachable, "UnknownHostException: repo"),
        ("printf one > $into/one-1.0.jar", ServiceUnreachable, r"expected two_2\.13-2\.0\.jar, got no answer"),
    ],
)
def test_a_bad_download_leaves_nothing_and_can_be_repeated(downloading, given, error, sentence):
    settings = downloading(given)
    with pytest.raises(error, match=sentence):
        spark_jars(settings)
    assert left_in(settings.cache) == []
    assert len(spark_jars(downloading(WELL))) == 2


def test_a_download_that_another_process_finished_first_is_taken(downloading):
    settings = downloading("")
    there = folder("spark", settings.cache)
    # The other one finishes while this one still downloads.
    settings = downloading(f'{WELL}; mkdir -p {there}; cp "$into"/* {there}')
    assert [jar.read_text() for jar in spark_jars(settings)] == ["one", "two"]
    assert len(left_in(settings.cache)) == 3


def test_damage_is_found(downloading):
    settings = downloading(WELL)
    spark_jars(settings)[1].write_text("tw")
    assert damaged("spark", folder("spark", settings.cache)) == ["two_2.13-2.0.jar"]


def test_other_pins_have_another_folder(downloading, tmp_path):
    settings = downloading(WELL)
    before = folder("spark", settings.cache)
    (tmp_path / "infra" / "spark.sha256").write_text(PINS.replace("2.0", "2.1"))
    assert folder("spark", settings.cache) != before


@pytest.mark.parametrize(
    ("name", "jar"),
    [
        ("spark", "delta-spark_4.1_2.13-4.4.0.jar"),
        ("spark", "spark-sql-kafka-0-10_2.13-4.1.1.jar"),
        ("spark", "kafka-clients-3.9.1.jar"),
        ("broker", "kafka_2.13-4.3.1.jar"),
        ("broker", "kafka-clients-4.3.1.jar"),
    ],
)
def test_the_committed_pins_name(name, jar):
    assert [pin.file_name for pin in pins(name)].count(jar) == 1
    assert all(len(pin.sha256) == 64 for pin in pins(name))


def test_no_jar_is_pinned_in_two_versions():
    for name in ("spark", "broker"):
        modules = [(pin.group, pin.artifact) for pin in pins(name)]
        assert len(set(modules)) == len(modules)


def test_a_pin_is_read_from_its_line(downloading):
    downloading("")
    assert pins("spark")[1] == Pin(sha256(b"two").hexdigest(), "org.b", "two_2.13", "2.0")


@pytest.mark.broker
def test_the_real_jars_are_what_the_pins_say(home_settings):
    assert all(jar.is_file() for jar in spark_jars(home_settings) + broker_jars(home_settings))
    assert damaged("spark", folder("spark", home_settings.cache)) == []
    assert damaged("broker", folder("broker", home_settings.cache)) == []
