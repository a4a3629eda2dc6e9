"""From measured runs to figures: medians, ratios, targets, and how they are shown."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psutil

from tests.bench.contenders import BATCH
from tests.bench.kernel_figures import (
    EVENTS,
    LEAST_EVENTS_PER_CPU_S,
    LEAST_PAYLOADS_PER_CPU_S,
    MANY_DEVICES,
    MOST_GROWTH,
    KernelFigures,
)
from tests.bench.process_tree import Usage

PACKAGES = ("pyspark", "delta-spark", "deltalake", "duckdb", "pyarrow", "confluent-kafka")
LEAST_TIMES_THE_TUTORIAL = 3.0
MOST_OF_A_SESSION = 0.1


@dataclass(frozen=True)
class Measured:
    """A contender's runs."""

    name: str
    title: str
    leaves_out: str
    runs: tuple[Usage, ...]

    @property
    def cpu_s(self) -> float:
        """Median of the runs' CPU seconds."""
        return median(run.cpu_s for run in self.runs)

    @property
    def wall_s(self) -> float:
        """Median of the runs' wall seconds."""
        return median(run.wall_s for run in self.runs)

    @property
    def peak_rss_mb(self) -> float:
        """Highest of the runs' memory peaks, 10^6 bytes."""
        return max(run.peak_rss_bytes for run in self.runs) / 1e6

    @property
    def spread(self) -> float:
        """Dearest run over cheapest, in CPU seconds."""
        return max(run.cpu_s for run in self.runs) / min(run.cpu_s for run in self.runs)


@dataclass(frozen=True)
class Target:
    """A ratio, and the bound it has to keep."""

    what: str
    value: float
    bound: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Say whether the value keeps its bound."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True)
class Figures:
    """Everything that one run of the benchmark found."""

    surroundings: Mapping[str, str]
    events: int
    message_bytes: int
    takers: tuple[Measured, ...]
    starters: tuple[Measured, ...]
    kernel: KernelFigures

    def per_cpu_s(self, taker: Measured) -> float:
        """Return events per CPU-second of the whole command, its start included."""
        return self.events / taker.cpu_s

    @property
    def targets(self) -> tuple[Target, ...]:
        """The ratios that are promised."""
        bare = self._of("session")
        starts = [
            Target(f"{kind} of fieldstream {name}, of a Spark session's", value, MOST_OF_A_SESSION, at_least=False)
            for name in ("help", "sql")
            for kind, value in (
                ("CPU", self._of(name).cpu_s / bare.cpu_s),
                ("wall time", self._of(name).wall_s / bare.wall_s),
            )
        ]
        gain = Target(
            "events per CPU-second, times the tutorial's, in one batch",
            self._gain(""),
            LEAST_TIMES_THE_TUTORIAL,
            at_least=True,
        )
        return (gain, *starts, *_kernel_targets(self.kernel))

    @property
    def gain_in_batches(self) -> float:
        """Events per CPU-second, times the tutorial's, in batches; no target stands for it."""
        return self._gain("_batches")

    @property
    def gate_share(self) -> float:
        """CPU of the gate over the same rows, as a share of taking them in."""
        return self._of("gate").cpu_s / self._of("fieldstream").cpu_s

    def _gain(self, suffix: str) -> float:
        return self._of(f"tutorial{suffix}").cpu_s / self._of(f"fieldstream{suffix}").cpu_s

    def _of(self, name: str) -> Measured:
        return next(each for each in (*self.takers, *self.starters) if each.name == name)


def _kernel_targets(kernel: KernelFigures) -> tuple[Target, ...]:
    return (
        Target(
            f"events per CPU-second of the kernel in one process, {EVENTS:,} a batch",
            kernel.events_per_cpu_s, LEAST_EVENTS_PER_CPU_S, at_least=True,
        ),
        Target(
            f"growth of an event's cost from 100 to {MANY_DEVICES:,} devices",
            kernel.growth, MOST_GROWTH, at_least=False,
        ),
        Target(
            "devices' own payloads read per CPU-second",
            kernel.payloads_per_cpu_s, LEAST_PAYLOADS_PER_CPU_S, at_least=True,
        ),
    )  # fmt: skip


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


def tables(figures: Figures) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return the tables to show: a caption, and rows of which the first is the header."""
    return [
        ("Taking in the load", _takers(figures)),
        ("Starting", _starters(figures.starters)),
        ("Targets", _targets(figures)),
    ]


def _takers(figures: Figures) -> list[tuple[str, ...]]:
    header = ("", "events per CPU-s", "CPU s", "spread", "wall s", "memory MB")
    return [
        header,
        *(
            (
                each.title,
                f"{figures.per_cpu_s(each):,.0f}",
                f"{each.cpu_s:.1f}",
                f"{each.spread:.2f}",
                f"{each.wall_s:.1f}",
                f"{each.peak_rss_mb:,.0f}",
            )
            for each in figures.takers
        ),
    ]


def _starters(starters: Sequence[Measured]) -> list[tuple[str, ...]]:
    bare = next(each for each in starters if each.name == "session")
    header = ("", "CPU s", "of a session", "wall s", "of a session", "memory MB")
    return [
        header,
        *(
            (
                each.title,
                f"{each.cpu_s:.2f}",
                f"{each.cpu_s / bare.cpu_s:.3f}",
                f"{each.wall_s:.2f}",
                f"{each.wall_s / bare.wall_s:.3f}",
                # What ends between two looks was not seen.
                f"{each.peak_rss_mb:,.0f}" if each.peak_rss_mb else "",
            )
            for each in starters
        ),
    ]


def _targets(figures: Figures) -> list[tuple[str, ...]]:
    rows = [
        (
            target.what,
            _plainly(target),
            f"{'at least' if target.at_least else 'at most'} {target.bound:,g}",
            "met" if target.met else "MISSED",
        )
        for target in figures.targets
    ]
    others = [
        (f"events per CPU-second, times the tutorial's, in batches of {BATCH:,}", f"{figures.gain_in_batches:.2f}"),
        ("CPU of the gate over the same rows, of taking them in", f"{figures.gate_share:.2f}"),
    ]
    return [("", "figure", "target", ""), *rows, *((what, figure, "none", "") for what, figure in others)]


def _plainly(target: Target) -> str:
    if target.bound >= 1000:
        return f"{target.value:,.0f}"
    return f"{target.value:.2f}" if target.at_least else f"{target.value:.3f}"


def as_json(figures: Figures) -> str:
    """Return the figures for a script."""
    return json.dumps(
        asdict(figures)
        | {
            "events_per_cpu_s": {each.name: figures.per_cpu_s(each) for each in figures.takers},
            "targets": [asdict(target) | {"met": target.met} for target in figures.targets],
            "gain_in_batches": figures.gain_in_batches,
            "gate_share": figures.gate_share,
        },
        indent=2,
    )


def as_text(figures: Figures) -> str:
    """Return the figures for a terminal."""
    parts = ["\n".join(f"{name:<21}  {value}" for name, value in figures.surroundings.items())]
    for caption, rows in tables(figures):
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        lines = (
            "  ".join(
                cell.rjust(width) if at else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        )
        parts.append("\n".join([caption, *(line.rstrip() for line in lines)]))
    return "\n\n".join(parts)
