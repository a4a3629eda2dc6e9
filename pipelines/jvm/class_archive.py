"""Spark's classes, read and checked once: an archive that every later start maps into memory.

A third of what a Spark session's start costs is loading classes from jars, the same ones every time. Java can keep
them as it has them in memory (application class-data sharing, JEP 350).
"""

import fcntl
import hashlib
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipelines.jvm.jars import pyspark_jars
from pipelines.settings import Settings

# Starting Spark, using it and writing the archive, on a slow machine.
_PATIENCE_S = 300
# Names the archive that a session is to write when it ends.
TO_WRITE = "FIELDSTREAM_CLASSES_TO_WRITE"
# Java keeps no classes of a class path with a folder on it.
_FOLDERS_ON_CLASS_PATH = ("SPARK_CONF_DIR", "HADOOP_CONF_DIR", "YARN_CONF_DIR")

log = logging.getLogger("fieldstream")


def class_archive(settings: Settings, java: Path, jars: list[Path]) -> Path | None:
    """Return the archive for this Java and these jars, written on first use; None where there cannot be one."""
    if any(os.environ.get(name) for name in _FOLDERS_ON_CLASS_PATH):
        return None
    on_class_path = [*pyspark_jars(), *jars]
    place = f"spark-{_digest(str(java), *map(str, on_class_path))}"
    archive = settings.cache / "classes" / f"{place}-{_digest(_release(java), *map(_stamp, on_class_path))}.jsa"
    if not archive.exists():
        _write_once(place, archive)
    return archive if archive.stat().st_size else None


def _write_once(place: str, archive: Path) -> None:
    """Write it, or wait for the process that is writing it: both at once would take each twice as long."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with (archive.parent / f"{place}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            log.info("reading Spark's classes, once")
            _write(archive)
            _remove_others(place, archive)


def _write(archive: Path) -> None:
    """Let a process of its own use Spark and leave its classes behind, in place in one move; else an empty file."""
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=archive.parent) as scratch:
        written = Path(scratch) / archive.name
        failure = _spark_writes(written, Path(scratch))
        if failure:
            log.warning(
                "Spark's classes could not be kept, so every start reads them anew; to try again, remove %s: %s",
                archive,
                failure,
            )
            written.write_bytes(b"")
        written.replace(archive)


def _spark_writes(archive: Path, home: Path) -> str | None:
    """Return why it failed."""
    environment = os.environ | {TO_WRITE: str(archive), "FIELDSTREAM_HOME": str(home)}
    command = [sys.executable, "-m", "pipelines.jvm.class_archive"]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {_PATIENCE_S} s"
    if done.returncode == 0 and archive.exists():
        return None
    return done.stderr.strip()[-500:] or f"it ended with {done.returncode}, and wrote nothing"


def _release(java: Path) -> str:
    release = java / "release"
    return release.read_text(encoding="utf-8") if release.exists() else ""


def _stamp(jar: Path) -> str:
    """Tell what Java asks of a jar before it maps an archive: the same jar installed anew is another one to it."""
    stat = jar.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _remove_others(place: str, archive: Path) -> None:
    """Leave one archive to a place: those of jars that were there before serve nobody."""
    for other in archive.parent.glob(f"{place}-*.jsa"):
        if other != archive:
            other.unlink(missing_ok=True)


def _use_spark(settings: Settings) -> None:
    """Start Spark and have it call Python and plan a query: what every job does, so that its classes are loaded."""
    from pipelines.jvm.spark import session

    spark = session(settings)
    spark.sparkContext.parallelize([1], 1).map(abs).collect()
    spark.range(1).count()
    gateway: Any = spark.sparkContext._gateway  # noqa: SLF001 - the only way to the process that writes the archive
    spark.stop()
    gateway.proc.stdin.close()
    gateway.proc.wait()


if __name__ == "__main__":
    from pipelines.settings import from_environment

    _use_spark(from_environment())
