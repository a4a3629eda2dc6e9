"""What more of something costs: contenders whose names end with how much of it there is, as a table and as a line."""

from tests.bench.result import Chart, Table
from tests.bench.stand import Contender, Measured, Stand

ENGINES = {"embedded": "embedded engine", "spark": "Spark engine"}


def in_turns(stand: Stand, contenders: list[Contender]) -> dict[str, Measured]:
    """Measure, and let go of what was sent."""
    measured = stand.rounds(contenders)
    for tenant in {each.tenant for each in contenders}:
        stand.forget(tenant)
    return measured


def costs(caption: str, measured: dict[str, Measured], events: int | None = None) -> Table:
    """Return what each cost; all took in `events`, or as many as their names say."""
    rows = tuple(
        (
            each.title, f"{each.cpu_s:.1f}", f"{(events or _number(name)) / each.cpu_s:,.0f}", f"{each.wall_s:.1f}",
            f"{each.peak_rss_mb:,.0f}",
        )
        for name, each in measured.items()
    )  # fmt: skip
    return Table(caption, ("", "CPU s", "events per CPU-s", "wall s", "memory MB"), rows)


def chart(what: str, measured: dict[str, Measured]) -> Chart:
    """Return the cost over how much of something there is, a line an engine."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for name, each in measured.items():
        engine = ENGINES.get(name.rpartition("/")[0], ENGINES["embedded"])
        lines.setdefault(engine, []).append((float(_number(name)), each.cpu_s))
    return Chart(f"scaling-{what}", f"CPU by {what}", "CPU s", x_label=what, lines=lines)


def _number(name: str) -> int:
    return int(name.rpartition("/")[2])
