"""Spark's classes, read and checked once: an archive that every later start maps into memory.

A third of what a Spark session's start costs is loading classes from jars, the same ones every time. Java can keep
them as it has them in memory (application class-data sharing, JEP 350).
"""

import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

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
    archive = settings.cache / "classes" / f"spark-{_digest(java, jars)}.jsa"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        log.info("reading Spark's classes, once")
        _write(archive)
    return archive if archive.stat().st_size else None


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


def _digest(java: Path, jars: list[Path]) -> str:
    """Tell Java, Spark and jars apart, and where they lie: an archive holds for its own class path alone."""
    release = java / "release"
    built = release.read_text(encoding="utf-8") if release.exists() else ""
    spark = importlib.util.find_spec("pyspark")
    parts = [str(java), built, importlib.metadata.version("pyspark"), spark and spark.origin, *jars]
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12]


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
