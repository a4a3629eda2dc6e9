"""Contenders that need what the project does not: an environment of their own, made when they are asked for."""

import hashlib
import logging
import subprocess
import sys
import uuid
from pathlib import Path

from deltalake import DeltaTable

from tests.bench.stand import ROOT
from tests.bench.wide_rows import ROW_SCHEMA, VALUES

PROGRAMS = Path(__file__).parent / "programs"
RIVALS = ("quix", "daft")

_log = logging.getLogger("bench")


def python_of(rival: str) -> str:
    """Return the interpreter of a rival's environment, made from its pinned requirements where it is not there."""
    requirements = PROGRAMS / f"{rival}-requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = ROOT / "build" / "rivals" / f"{rival}-{digest}"
    done = folder / ".done"
    if not done.exists():
        _log.info("making an environment for %s", rival)
        uv = (sys.executable, "-m", "uv")
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
        python = str(folder / "bin" / "python")
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, "-r", str(requirements)], check=True)
        done.touch()
    return str(folder / "bin" / "python")


def rival_program(rival: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a rival's program by its own interpreter."""
    return (python_of(rival), str(PROGRAMS / f"{rival}_job.py"), *arguments)


def empty_table(folder: Path) -> None:
    """Make the table that kafka-delta-ingest appends to, as old as it can read."""
    DeltaTable.create(str(folder / "readings"), ROW_SCHEMA)


def kafka_delta_ingest(binary: Path, address: str, topic: str, folder: Path) -> tuple[str, ...]:
    """Return the command by which kafka-delta-ingest takes in what there is; poison goes to its dead letters."""
    sources = {"device_id": "deviceInfo.devEui", "session": "devAddr", "sequence": "fCnt", "time": "time"}
    sources |= {name: f"object.{name}" for name in VALUES}
    return (
        str(binary), "ingest", topic, str(folder / "readings"),
        "--kafka", address, "--consumer_group", uuid.uuid4().hex, "--app_id", "bench",
        "--auto_offset_reset", "earliest", "--ends_at_latest_offsets",
        "--allowed_latency", "60", "--max_messages_per_batch", "100000", "--min_bytes_per_file", str(64 * 2**20),
        "--transform", *(f"{name}: {source}" for name, source in sources.items()),
    )  # fmt: skip
