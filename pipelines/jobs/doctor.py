"""Look at this machine, and say for each thing that would stop a run what to do about it."""

import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psutil

from pipelines.errors import FieldstreamError
from pipelines.jvm import jars, java
from pipelines.local import kafka
from pipelines.places import Place
from pipelines.settings import Settings

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
PINNED = (
    "pyspark",
    "delta-spark",
    "deltalake",
    "duckdb",
    "great-expectations",
    "kafka-python",
    "lightgbm",
    "onnx",
    "onnxruntime",
    "pyarrow",
)
GIB = 2**30
LEAST_DISK_BYTES = 5 * GIB
LEAST_MEMORY_BYTES = 3 * GIB  # Spark's driver, the broker, and a Python worker for each of two cores.
CLOCK_TOLERANCE_S = 5.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    fix: str
    """What to do about it; empty where it is well."""


def doctor(settings: Settings) -> list[Finding]:
    """Look at everything a run needs; nothing is changed, started or downloaded."""
    lake = _lake(settings)
    return [
        _python(),
        _versions(_locked_versions(LOCK)),
        _java(settings),
        *(_jars(name, settings) for name in ("spark", "broker")),
        _writable("home", settings.home),
        _disk("disk of home", settings.home),
        _disk("disk of temporary files", Path(tempfile.gettempdir())),
        _memory(),
        lake,
        _clock(settings.lake if lake.ok else settings.home),
        _time_zones(),
        _broker(settings),
    ]


def _python() -> Finding:
    found = "{}.{}.{}".format(*sys.version_info[:3])
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return _finding("Python", ok, found, "Make the environment again with Python 3.11, 3.12 or 3.13.")


def _locked_versions(lock: Path) -> dict[str, str]:
    """Return package -> version of the lock file; nothing where it is not there, as in an installed wheel."""
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.exists() else []
    return dict(line.split(" ")[0].split("==") for line in lines if "==" in line.split(" ")[0])


def _versions(locked: dict[str, str]) -> Finding:
    others = [
        f"{package} {_installed(package)} instead of {locked[package]}"
        for package in PINNED
        if package in locked and _installed(package) != locked[package]
    ]
    return _finding(
        "package versions",
        not others,
        ", ".join(others) or "as in requirements.lock",
        "Install the locked ones: pip install --require-hashes -r requirements.lock",
    )


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _java(settings: Settings) -> Finding:
    try:
        return _finding("Java", ok=True, found=str(java.java_home(settings)), fix="")
    except FieldstreamError as cause:
        return _finding("Java", ok=False, found=f"{cause.got} (needed: {cause.expected})", fix=cause.fix)


def _jars(name: str, settings: Settings) -> Finding:
    folder = jars.folder(name, settings.cache)
    if not folder.exists():
        return _finding(f"{name} jars", ok=True, found="not here yet; downloaded at first use", fix="")
    damaged = jars.damaged(name, folder)
    found = f"damaged or absent: {', '.join(damaged)}" if damaged else f"{len(jars.pins(name))} intact in {folder}"
    return _finding(f"{name} jars", not damaged, found, f"Delete {folder}: the jars are downloaded again.")


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _writable(name: str, path: Path) -> Finding:
    folder = _existing(path)
    fix = f"Make {folder} writable for this user, or set FIELDSTREAM_HOME to a folder that is."
    try:
        with tempfile.TemporaryFile(dir=folder):
            return _finding(name, ok=True, found=f"{path} can be written", fix="")
    except OSError as cause:
        return _finding(name, ok=False, found=str(cause), fix=fix)


def _disk(name: str, path: Path) -> Finding:
    free = psutil.disk_usage(str(_existing(path))).free
    fix = f"Free some space there: {LEAST_DISK_BYTES / GIB:.0f} GiB are needed."
    return _finding(name, free >= LEAST_DISK_BYTES, f"{free / GIB:.1f} GiB free at {path}", fix)


def _memory() -> Finding:
    available = psutil.virtual_memory().available
    fix = f"Close other programs: {LEAST_MEMORY_BYTES / GIB:.0f} GiB are needed."
    return _finding("memory", available >= LEAST_MEMORY_BYTES, f"{available / GIB:.1f} GiB available", fix)


def _lake(settings: Settings) -> Finding:
    try:
        found = "is there" if settings.lake.exists() else "is not there yet"
    except FieldstreamError as cause:
        return _finding("lake", ok=False, found=f"{cause.where}: {cause.got}", fix=cause.fix)
    return _finding("lake", ok=True, found=f"{settings.lake} {found}", fix="")


def _clock(lake: Place) -> Finding:
    """Compare this machine's clock with that of the file system and with the lake's newest commit."""
    with tempfile.NamedTemporaryFile() as fresh:
        drift_s = abs(Path(fresh.name).stat().st_mtime - time.time())
    commits = lake.glob("*/*/_delta_log/*.json")
    ahead_s = max((commit.stat().st_mtime for commit in commits), default=0.0) - time.time()
    worst_s = max(drift_s, ahead_s)
    found = (
        f"{worst_s:.0f} s behind the files" if worst_s > CLOCK_TOLERANCE_S else time.strftime("%FT%TZ", time.gmtime())
    )
    return _finding("clock", worst_s <= CLOCK_TOLERANCE_S, found, "Set this machine's clock: switch its NTP client on.")


def _time_zones() -> Finding:
    try:
        ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return _finding("time zones", ok=False, found="no time zone data", fix="Run: pip install tzdata")
    return _finding("time zones", ok=True, found="time zone data is there", fix="")


def _broker(settings: Settings) -> Finding:
    if settings.kafka:
        ok = kafka.answers(settings.kafka)
        found = f"{settings.kafka} {'answers' if ok else 'does not answer'}"
        return _finding("broker", ok, found, "Start it, or unset FIELDSTREAM_KAFKA to use a local one.")
    running = kafka.running(settings)
    if running:
        ok = kafka.answers(running.address)
        found = f"{running.address}, pid {running.pid}, {'answers' if ok else 'does not answer'}"
        return _finding("broker", ok, found, "Restart it: fieldstream down, then fieldstream up.")
    try:
        kafka.free_ports(settings.kafka_port)
    except FieldstreamError as cause:
        return _finding("broker", ok=False, found=f"port {settings.kafka_port} is in use", fix=cause.fix)
    return _finding("broker", ok=True, found="not running; 'fieldstream up' starts it", fix="")


def _finding(name: str, ok: bool, found: str, fix: str) -> Finding:
    return Finding(name, ok, found, "" if ok else fix)
