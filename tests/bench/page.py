"""The page with the figures of the last full run, for those who read before they run."""

from tests.bench.contenders import ROOT
from tests.bench.figures import Figures, tables

PAGE = ROOT / "docs" / "explanation" / "benchmarks.md"

_METHOD = """\
# Benchmarks

Written by `make bench ARGS=--page`; `make bench` prints the figures of your own machine.

What counts is CPU seconds of the whole process tree, the start of Python and of the JVM included: a contender runs
below a process that adopts its orphans and waits for all of them, so that the kernel's own sum is exact. The broker
belongs to no contender's tree. All take in the same {events:,} messages ({mean_bytes:,.0f} bytes on average, ChirpStack
uplinks of seven values; 5 % are duplicates, 0.5 % are cut off) from the same two partitions, one after another in each
round; the figures are medians of {rounds} rounds, spread is the dearest over the cheapest, memory the highest sum seen.
Before a figure is printed, the rows that each contender wrote are compared with what the load must give, one by one and
both ways.

The tutorials' job is `tests/bench/tutorial_job.py`: default settings, and of the usual forms the one that costs least:
all in one batch, its jars on this machine. The target is set for that form. Batches of a given size are not a default,
so the second pair of rows has no target: it shows how the job's fixed cost per batch weighs on a stream that keeps up
with its sensors and never sees a million events at once.

The kernel by itself is measured in one process, from records in memory to verdicts and rows in memory, the cheapest of
five turns: ChirpStack uplinks of seven values, and devices' own bytes of every model that has a codec alike.
"""


def as_page(figures: Figures) -> str:
    """Return the page."""
    method = _METHOD.format(
        events=figures.events,
        mean_bytes=figures.message_bytes / figures.events,
        rounds=len(figures.takers[0].runs),
    )
    left_out = [f"{each.title}: {each.leaves_out}." for each in figures.takers if "_batches" not in each.name]
    where = [f"{name}: {value}" for name, value in figures.surroundings.items()]
    sections = [(caption, _markdown(rows)) for caption, rows in tables(figures)]
    sections += [("What each leaves out", _bullets(left_out)), ("Where this was measured", _bullets(where))]
    return "\n".join([method, *(f"## {caption}\n\n{text}\n" for caption, text in sections)])


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _markdown(rows: list[tuple[str, ...]]) -> str:
    header, *rest = rows
    rule = "|".join([":--", *["--:"] * (len(header) - 1)])
    return "\n".join([f"| {' | '.join(header)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rest)])
