"""What a part of the benchmark found: plain data that becomes JSON, a page and plots."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

PARTS = (
    "ingest",
    "latency",
    "scaling_events",
    "scaling_devices",
    "scaling_commits",
    "scaling_executors",
    "day",
    "gate",
    "scoring",
    "queries",
    "producer",
    "start",
    "kernel",
)
"""In the order of the page."""

ASKED_FOR = ("soak",)
"""As long as one likes, so only where it is asked for; at the page's end."""

PACKAGES = ("pyspark", "delta-spark", "deltalake", "duckdb", "pyarrow", "confluent-kafka")


@dataclass(frozen=True)
class Table:
    """Figures to show; the first column is a text, the others are numbers."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Target:
    """A ratio or a limit, and the bound it has to keep; without a bound it is shown and judged by nobody."""

    name: str
    what: str
    value: float
    bound: float | None = None
    at_least: bool = True

    @property
    def met(self) -> bool:
        """Say whether the value keeps its bound."""
        if self.bound is None:
            return True
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True)
class Chart:
    """Bars, a bar a label; or lines, each a list of points."""

    name: str
    title: str
    y_label: str
    bars: Mapping[str, float] = field(default_factory=dict)
    x_label: str = ""
    lines: Mapping[str, list[tuple[float, float]]] = field(default_factory=dict)
    over_time: bool = False
    """Whether the lines' x is a time, which begins with nothing; else it is logarithmic."""


@dataclass(frozen=True)
class Result:
    """A part of the benchmark, measured in one run."""

    part: str
    title: str
    method: str
    surroundings: Mapping[str, str]
    tables: tuple[Table, ...]
    targets: tuple[Target, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)
    """Every single run, for whoever wants to calculate anew."""

    def as_json(self) -> str:
        """Return the result for a script, and for `read`."""
        return json.dumps(asdict(self), indent=1) + "\n"


def read(file: Path) -> Result:
    """Read a result that was kept."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    return Result(
        **kept
        | {
            "tables": tuple(
                Table(each["caption"], tuple(each["header"]), tuple(map(tuple, each["rows"])))
                for each in kept["tables"]
            ),
            "targets": tuple(Target(**each) for each in kept["targets"]),
            "charts": tuple(Chart(**each) for each in kept["charts"]),
            "notes": tuple(kept["notes"]),
        }
    )


def surroundings() -> dict[str, str]:
    """Say when and on what this was measured, without naming the machine."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "load average at start": f"{os.getloadavg()[0]:.2f}",
        "versions": ", ".join(
            ["python " + platform.python_version(), *(f"{package} {version(package)}" for package in PACKAGES)]
        ),
    }


def _processor() -> str:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"
