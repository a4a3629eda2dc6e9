"""Try faults on a scratch lake: list them, or run them and say what held."""

import itertools
import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from pipelines.chaos.catalogue import scenarios
from pipelines.chaos.scenario import Scenario
from pipelines.chaos.site import WARM, Command, Site
from pipelines.chaos.sweep import Matrix, sweep
from pipelines.errors import UsageError
from pipelines.local import kafka
from pipelines.settings import Settings

_log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class Fault:
    """A scenario, as `chaos list` shows it."""

    fault: str
    engine: str
    holds: tuple[str, ...]
    seeds: int
    what: str


@dataclass(frozen=True)
class ChaosReport:
    """What a run of faults came to, and how to have it again."""

    began: datetime
    first_seed: int
    matrix: Matrix


def list_faults(engine: str | None = None) -> list[Fault]:
    """Return every fault that can be tried."""
    return [Fault(each.name, each.engine, each.holds, each.seeds, each.what) for each in _chosen((), engine)]


def run_faults(
    settings: Settings,
    faults: Sequence[str] = (),
    *,
    seeds: int | None = None,
    first_seed: int = 1,
    engine: str | None = None,
    scratch: Path | None = None,
    warm: Command = WARM,
) -> ChaosReport:
    """Run faults, all where none is named; the tenant's own lake and topics are not touched.

    Args:
        settings: Names the broker; without one, a broker is started for the run and stopped after it.
        faults: Names, or patterns as `kill.*`.
        seeds: How many seeds of each; by default as many as a full sweep has.
        first_seed: The first of them.
        engine: `embedded`, `spark` or `none`: only what runs with it.
        scratch: Folder for the homes, which then stay; by default one that is removed.
        warm: What starts the processes that commands are forked from.

    Raises:
        UsageError: No fault has that name.
        ServiceUnreachable: The broker cannot be started.
    """
    chosen, began = _chosen(faults, engine), datetime.now(UTC)
    ranges = [range(first_seed, first_seed + (seeds or each.seeds)) for each in chosen]
    with _folder(scratch) as folder, _broker(settings, folder) as address:
        number = itertools.count(1)

        def site() -> Site:
            return Site(folder / f"site-{next(number)}", address, warm, settings.cache)

        matrix = sweep(chosen, ranges, [site] * settings.cores)
    return ChaosReport(began, first_seed, matrix)


def require_held(report: ChaosReport) -> int:
    """Return the exit code: 0 where every promise held, else 1."""
    return 1 if report.matrix.breaches else 0


def _chosen(faults: Sequence[str], engine: str | None) -> list[Scenario]:
    known = [each for each in scenarios() if engine in {None, each.engine}]
    if not faults:
        return known
    for name in faults:
        if not any(fnmatch(each.name, name) for each in known):
            raise UsageError(
                "There is no such fault",
                where="--fault",
                expected="a name or a pattern that 'fieldstream chaos list' shows",
                got=repr(name),
                fix="Name one of those.",
            )
    return [each for each in known if any(fnmatch(each.name, name) for name in faults)]


@contextmanager
def _folder(scratch: Path | None) -> Iterator[Path]:
    if scratch:
        scratch.mkdir(parents=True, exist_ok=True)
        yield scratch.absolute()
        return
    made = Path(tempfile.mkdtemp(prefix="fieldstream-chaos-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _broker(settings: Settings, folder: Path) -> Iterator[str]:
    if settings.kafka:
        yield settings.kafka
        return
    own = replace(settings, home=folder / "broker", kafka_port=None)
    _log.info("starting a broker for the run")
    try:
        yield kafka.start(own).address
    finally:
        kafka.stop(own)
