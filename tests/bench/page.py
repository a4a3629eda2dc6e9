"""The page with the figures that were kept, and its plots: `python -m tests.bench.page` writes them anew."""

import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from tests.bench.charts import draw
from tests.bench.result import ASKED_FOR, PARTS, Result, Table, Target, read
from tests.bench.stand import ROOT

PAGE = ROOT / "docs" / "explanation" / "benchmarks.md"
IMAGES = ROOT / "docs" / "images"
KEPT = Path(__file__).parent / "results"
LIMITS = Path(__file__).parent / "limits.yaml"

_INTRODUCTION = """\
# Benchmarks

Written by `make bench ARGS=--page`; `make bench` prints the figures of your own machine, and
`make bench ARGS="--only ingest,latency --events 200000"` some of them, smaller. The numbers behind this page, every
single run among them, are in `tests/bench/results/`.

What counts is CPU seconds of the whole process tree, the start of Python and of the JVM included: a contender runs
below a process that adopts its orphans and waits for all of them, so that the kernel's own sum is exact. The broker
belongs to no contender's tree. Whoever is compared is measured in one run, in turns, against the same broker; the
figures are medians, spread is the dearest run over the cheapest, memory the highest sum of resident memory seen.
"""


def keep(result: Result) -> None:
    """Keep a result in the repository, and write the page and its plots anew."""
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{result.part}.json").write_text(result.as_json(), encoding="utf-8")
    for chart in result.charts:
        draw(chart, IMAGES / f"bench-{chart.name}.png")
    PAGE.write_text(as_page(kept()), encoding="utf-8")


def kept() -> list[Result]:
    """Return the results that are kept, in the order of the page."""
    return [read(KEPT / f"{part}.json") for part in (*PARTS, *ASKED_FOR) if (KEPT / f"{part}.json").exists()]


def limits() -> dict[str, str]:
    """Return what limited each figure, as whoever profiled it wrote it down."""
    return dict(yaml.safe_load(LIMITS.read_text(encoding="utf-8")))


def as_page(results: list[Result]) -> str:
    """Return the page."""
    targets = [(result, target) for result in results for target in result.targets if target.bound is not None]
    parts = [_INTRODUCTION, "## Targets\n", _target_table(target for _, target in targets), _limits(targets)]
    return "\n".join([*parts, *map(_section, results)])


def as_text(result: Result) -> str:
    """Return a result for a terminal."""
    parts = [f"{result.title}\n" + "\n".join(f"  {name}: {value}" for name, value in result.surroundings.items())]
    parts += [_aligned(table) for table in (*result.tables, *([_targets(result.targets)] if result.targets else []))]
    return "\n\n".join([*parts, *result.notes]) + "\n"


def _section(result: Result) -> str:
    others = [target for target in result.targets if target.bound is None]
    lines = [f"## {result.title}\n", f"{result.method}\n"]
    for table in result.tables:
        lines += [f"### {table.caption}\n", f"{_markdown(table)}\n"]
    lines += [f"![{chart.title}](../images/bench-{chart.name}.png)\n" for chart in result.charts]
    lines += [f"{note}\n" for note in result.notes]
    if others:
        lines += ["Without a target:\n", _bullets(f"{each.what}: {_figure(each)}" for each in others)]
    where = "; ".join(f"{name}: {value}" for name, value in result.surroundings.items())
    return "\n".join([*lines, f"Measured: {where}.\n"])


def _target_table(targets: Iterable[Target]) -> str:
    return _markdown(_targets(tuple(targets))) + "\n"


def _limits(targets: list[tuple[Result, Target]]) -> str:
    said = limits()
    lines = [f"{target.what}: {said[target.name]}" for _, target in targets if target.name in said]
    return f"What limited them, and what the next limit is:\n\n{_bullets(lines)}" if lines else ""


def _targets(targets: tuple[Target, ...]) -> Table:
    rows = tuple((each.what, _figure(each), _bound(each), _word(each)) for each in targets)
    return Table("Targets", ("", "figure", "target", ""), rows)


def _bound(target: Target) -> str:
    if target.bound is None:
        return "none"
    return f"{'at least' if target.at_least else 'at most'} {target.bound:,g}"


def _word(target: Target) -> str:
    if target.bound is None:
        return ""
    return "met" if target.met else "MISSED"


def _figure(target: Target) -> str:
    value = target.value
    if abs(value) >= 100:
        return f"{value:,.0f}"
    # Two digits, unless they are too few to tell the figure from its bound.
    return f"{value:.2f}" if abs(value) >= 0.1 and f"{value:.2f}" != f"{target.bound or 0:.2f}" else f"{value:.3f}"


def _bullets(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def _markdown(table: Table) -> str:
    is_prose = any(len(cell) > 30 for row in table.rows for cell in row[1:])
    rule = "|".join([":--", *([":--"] if is_prose else ["--:"]) * (len(table.header) - 1)])
    return "\n".join(
        [f"| {' | '.join(table.header)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in table.rows)]
    )


def _aligned(table: Table) -> str:
    rows = [table.header, *table.rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = (
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join([table.caption, *(line.rstrip() for line in lines)])


def main() -> int:
    """Write the page and its plots from the results that are kept."""
    for result in kept():
        keep(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
