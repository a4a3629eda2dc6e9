"""The whole way once, on real data: two years of a field by hand, then its late week by the DAGs."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.contracts.tables import table_names
from pipelines.contracts.topics import OPERATIONS
from pipelines.jobs import summary
from pipelines.jobs.build_gold import build_gold
from pipelines.jobs.flag import flag
from pipelines.jobs.gate import gate, require_admitted
from pipelines.jobs.ingest import ingest
from pipelines.jobs.reference import load_reference
from pipelines.jobs.report import report
from pipelines.jobs.run_dag import DagRuns
from pipelines.jobs.send_sample import send_sample
from pipelines.jobs.stack import up
from pipelines.lake.tables import Lake
from pipelines.local import kafka
from pipelines.settings import Settings
from pipelines.simulate.tower import SAMPLE

SILVER, GOLD = "silver.observations", "gold.field_daily"

_log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class Stage:
    """One step of the demo and the time it took."""

    stage: str
    wall_s: float


@dataclass(frozen=True)
class DemoReport:
    """What the run came to, table by table."""

    stages: tuple[Stage, ...]
    records_by_verdict: dict[str, int]
    observations_by_flag: dict[int, int]
    gate: tuple[summary.Decision, ...]
    field_days: int
    water: summary.Water | None
    """The field's water over the days of its balance; None where there is none."""
    restated: tuple[summary.Restated, ...]
    """Field days that differ between gold before and after the late week."""
    skill: tuple[summary.Skill, ...]
    scores: int
    changed_tables: tuple[str, ...]
    """Tables that got a new version; none where everything had been done before."""
    report: str


def demo(settings: Settings, into: Path = Path("report.html")) -> DemoReport:
    """Take a field's record the whole way from Kafka to scores; a second run finds everything done.

    Raises:
        FieldstreamError: A step could not be done; the next run goes on from there.
    """
    lake = Lake(settings.lake)
    before = _versions(lake)
    dags = DagRuns(settings)
    by_hand, by_dags = _by_hand(settings), _by_dags(settings, dags, into)
    total = len(by_hand) + len(by_dags)
    with _broker_put_back(settings), dags:
        stages = _run(by_hand, done=0, total=total)
        on_time = lake.version(GOLD)
        _release_spark()
        stages += _run(by_dags, done=len(by_hand), total=total)
    changed = tuple(name for name, version in _versions(lake).items() if version != before[name])
    _log.info("Changed: %s.", ", ".join(changed) or "nothing; all of this had been done before")
    return DemoReport(
        stages=tuple(stages),
        records_by_verdict=summary.records_by_verdict(lake),
        observations_by_flag=summary.observations_by_flag(lake),
        gate=summary.decisions(lake, SILVER),
        field_days=summary.row_count(lake, GOLD),
        water=summary.water(lake),
        restated=summary.restated(lake, on_time, lake.version(GOLD)),
        skill=summary.skill(lake, "irrigation"),
        scores=summary.row_count(lake, "scores.irrigation"),
        changed_tables=changed,
        report=str(into),
    )


Step = tuple[str, Callable[[], Any]]


def _by_hand(settings: Settings) -> list[Step]:
    """Everything but the late week, by the functions that commands call."""
    return [
        *([("start a Kafka broker", lambda: up(settings))] if settings.kafka is None else []),
        (
            "load fields and devices",
            lambda: load_reference(settings, SAMPLE / "devices.csv", SAMPLE / "fields.geojson"),
        ),
        ("send two years of events", lambda: send_sample(settings, "first")),
        ("take them in with Spark", lambda: ingest(settings)),
        ("send a season of operations", lambda: send_sample(settings, "operations")),
        ("take them in without Spark", lambda: ingest(settings, engine="embedded", kind=OPERATIONS)),
        ("look at neighbours in time", lambda: flag(settings)),
        ("judge the observations", lambda: require_admitted(gate(settings, SILVER))),
        ("judge the operations", lambda: require_admitted(gate(settings, OPERATIONS.table))),
        ("build the field's days", lambda: build_gold(settings)),
    ]


def _by_dags(settings: Settings, dags: DagRuns, into: Path) -> list[Step]:
    """The late week, the way production runs: each command in a task of Airflow's."""
    return [
        ("send the week that came late", lambda: send_sample(settings, "late")),
        ("DAG intake", lambda: dags.run("intake")),
        ("DAG retraining", lambda: dags.run("retraining")),
        ("DAG scoring", lambda: dags.run("scoring")),
        ("write the report", lambda: report(settings, into)),
    ]


def _run(steps: list[Step], *, done: int, total: int) -> list[Stage]:
    stages = []
    for number, (name, step) in enumerate(steps, start=done + 1):
        _log.info("[%2d of %d] %s ...", number, total, name)
        started = time.monotonic()
        step()
        stages.append(Stage(name, round(time.monotonic() - started, 1)))
        _log.info("           done in %.1f s", stages[-1].wall_s)
    return stages


@contextmanager
def _broker_put_back(settings: Settings) -> Iterator[None]:
    """Leave the local broker as it was: a demo that started it stops it, however it ends."""
    ran = settings.kafka is not None or kafka.running(settings) is not None
    try:
        yield
    finally:
        if not ran:
            kafka.stop(settings)


def _versions(lake: Lake) -> dict[str, int]:
    return {name: lake.version(name) for name in table_names()}


def _release_spark() -> None:
    """End this process's Spark: the DAGs' tasks start their own, and two would need twice the memory."""
    from pyspark import SparkContext

    # In public, whoever asks for it starts it.
    if active := SparkContext._active_spark_context:  # noqa: SLF001
        active.stop()
