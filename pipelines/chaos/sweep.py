"""Run scenarios with their seeds, several at a time, and gather the matrix: fault, injections, invariants, result."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue

from pipelines.chaos.scenario import Outcome, Scenario
from pipelines.chaos.site import Site

_log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class Row:
    """A line of the matrix: one scenario with all its seeds."""

    fault: str
    injections: int
    holds: tuple[str, ...]
    runs: int
    looks: int
    """How often the reader beside them looked at the tables."""
    result: str
    """`held`, or `broken`."""
    seed: int | None
    """A seed that shows the breach again; None where there is none."""
    what: str
    breaches: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """What a sweep came to."""

    rows: tuple[Row, ...]
    injections: int
    breaches: int
    duration_s: float


def sweep(scenarios: Sequence[Scenario], seeds: Sequence[range], sites: Sequence[Callable[[], Site]]) -> Matrix:
    """Run every scenario with each of its seeds, as many at a time as there are sites.

    `seeds` names those of each scenario. What starts Spark is run one at a time: a session takes every core.
    """
    started = time.monotonic()
    cases = [(each, seed) for each, chosen in zip(scenarios, seeds, strict=True) for seed in chosen]
    done = _all_run([case for case in cases if case[0].engine != "spark"], sites)
    done += _all_run([case for case in cases if case[0].engine == "spark"], sites[:1])
    rows = tuple(_row(each, [outcome for name, outcome in done if name == each.name]) for each in scenarios)
    return Matrix(
        rows,
        sum(row.injections for row in rows),
        sum(len(row.breaches) for row in rows),
        round(time.monotonic() - started, 1),
    )


def _all_run(cases: Sequence[tuple[Scenario, int]], sites: Sequence[Callable[[], Site]]) -> list[tuple[str, Outcome]]:
    if not cases:
        return []
    free: SimpleQueue[Site] = SimpleQueue()

    def run(case: tuple[Scenario, int]) -> tuple[str, Outcome]:
        scenario, seed = case
        site = free.get()
        try:
            outcome = scenario.runs(site, seed)
        except Exception as cause:  # noqa: BLE001 - one case that cannot go on must not take the others with it
            outcome = Outcome(seed, 0, (f"the case could not be tried: {cause!r}",))
        finally:
            free.put(site)
        _log.info(
            "%s, seed %d: %s", scenario.name, seed, "; ".join(outcome.breaches) or f"held, {outcome.injections} struck"
        )
        return scenario.name, outcome

    with ExitStack() as stack:
        for begin in sites[: len(cases)]:
            free.put(stack.enter_context(begin()))
        pool = stack.enter_context(ThreadPoolExecutor(len(sites)))
        # Interrupted, it waits for what is under way and begins nothing more.
        stack.callback(pool.shutdown, cancel_futures=True)
        return list(pool.map(run, cases))


def _row(scenario: Scenario, outcomes: Sequence[Outcome]) -> Row:
    broken = [outcome for outcome in outcomes if outcome.breaches]
    return Row(
        fault=scenario.name,
        injections=sum(outcome.injections for outcome in outcomes),
        holds=scenario.holds,
        runs=len(outcomes),
        looks=sum(outcome.looks for outcome in outcomes),
        result="broken" if broken else "held",
        seed=broken[0].seed if broken else None,
        what=scenario.what,
        breaches=tuple(breach for outcome in broken for breach in outcome.breaches),
    )
