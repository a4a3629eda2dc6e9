"""What more of something costs: contenders whose names end with how much of it there is, as a table and as a line."""

from collections.abc import Mapping
from dataclasses import asdict

from tests.bench.result import Chart, Result, Table, Target
from tests.bench.stand import Measured

ENGINES = {"embedded": "embedded engine", "spark": "Spark engine"}


def result(
    what: str,
    method: str,
    found: Mapping[str, str],
    measured: dict[str, Measured],
    *,
    targets: tuple[Target, ...],
    events: int | None = None,
) -> Result:
    """Return what more of something cost; all took in `events`, or as many as their names say."""
    return Result(
        f"scaling_{what}",
        f"Scaling: {what}",
        method,
        found,
        (_costs(f"By {what}", measured, events),),
        targets,
        (_chart(what, measured),),
        measured={name: [asdict(run) for run in each.runs] for name, each in measured.items()},
    )


def _costs(caption: str, measured: dict[str, Measured], events: int | None) -> Table:
    rows = tuple(
        (
            each.title, f"{each.cpu_s:.1f}", f"{(events or _number(name)) / each.cpu_s:,.0f}", f"{each.wall_s:.1f}",
            f"{each.peak_rss_mb:,.0f}",
        )
        for name, each in measured.items()
    )  # fmt: skip
    return Table(caption, ("", "CPU s", "events per CPU-s", "wall s", "memory MB"), rows)


def _chart(what: str, measured: dict[str, Measured]) -> Chart:
    lines: dict[str, list[tuple[float, float]]] = {}
    for name, each in measured.items():
        engine = ENGINES.get(name.rpartition("/")[0], ENGINES["embedded"])
        lines.setdefault(engine, []).append((float(_number(name)), each.cpu_s))
    return Chart(f"scaling-{what}", f"CPU by {what}", "CPU s", x_label=what, lines=lines)


def _number(name: str) -> int:
    return int(name.rpartition("/")[2])
