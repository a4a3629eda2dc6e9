from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from pipelines.cluster.local import LocalBackend
from pipelines.cluster.protocol import JobSpec, JobState, JobStatus
from pipelines.errors import DataRefused, JobFailed, ServiceUnreachable
from pipelines.jobs.train import UNKNOWN_GIVE_UP_S, train, wait
from pipelines.lake.tables import Lake
from pipelines.registry import models as registry
from pipelines.settings import Settings
from tests.field_days import field_days, put_gold


class Broken(LocalBackend):
    """Runs another program in the job's place: one that fails."""

    def submit(self, spec: JobSpec) -> str:
        code = "print('reading'); raise MemoryError('the model does not fit')"
        return super().submit(replace(spec, argv=("python", "-c", code)))


def states(lake: Lake) -> list[str]:
    rows = lake.read("ops.cluster_jobs").to_pylist()
    return [row["job_state"] for row in sorted(rows, key=lambda row: row["decided_at"])]


def test_gold_becomes_a_registered_model_and_is_not_trained_on_twice(home_settings: Settings) -> None:
    lake = Lake(home_settings.lake)
    version = put_gold(lake, field_days(120))
    first = train(home_settings)
    assert (first.reused, first.attempt, first.gold_version) == (False, 1, version)
    assert states(lake) == ["submitted", "succeeded"]
    model = registry.latest(lake, "irrigation")
    assert sha256(registry.load(lake, model)).hexdigest() == first.model_digest == model.digest
    assert {score["horizon_d"] for score in first.metrics["scores"]} == {1, 3, 7}

    before = {table: lake.version(table) for table in ("ops.models", "ops.cluster_jobs")}
    again = train(home_settings)
    assert again == replace(first, reused=True, duration_s=again.duration_s)
    assert {table: lake.version(table) for table in before} == before

    put_gold(lake, field_days(30, "south", seed=3))
    other = train(home_settings)
    assert not other.reused
    assert other.job_key != first.job_key
    assert other.model_digest != first.model_digest
    assert registry.latest(lake, "irrigation").digest == other.model_digest


def test_a_failed_job_says_why_and_the_next_run_tries_again(home_settings: Settings) -> None:
    lake = Lake(home_settings.lake)
    put_gold(lake, field_days(120))
    with pytest.raises(JobFailed, match="MemoryError: the model does not fit") as failed:
        train(home_settings, backend=Broken(home_settings.home / "broken"))
    assert "user_code" in str(failed.value)
    assert states(lake) == ["submitted", "failed"]
    assert registry.registered(lake, "irrigation") == []

    report = train(home_settings)
    assert (report.attempt, report.reused) == (2, False)
    assert states(lake) == ["submitted", "failed", "submitted", "succeeded"]


def test_a_job_that_ended_while_nobody_waited_is_fetched_not_run_again(
    home_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, cluster = Lake(home_settings.lake), LocalBackend(home_settings.home / "cluster")
    put_gold(lake, field_days(120))

    def killed(*_: object) -> JobStatus:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.jobs.train.wait", killed)
        with pytest.raises(KeyboardInterrupt):
            train(home_settings)
    assert states(lake) == ["submitted"]
    (run,) = (cluster.root / "runs").iterdir()
    report = train(home_settings)
    assert [run.name] == [path.name for path in (cluster.root / "runs").iterdir()]
    assert (report.job_key, report.attempt, report.reused) == (run.name, 1, False)
    assert states(lake) == ["submitted", "succeeded"]


def test_without_gold_there_is_nothing_to_learn_from(home_settings: Settings) -> None:
    with pytest.raises(DataRefused, match="nothing to learn from"):
        train(home_settings)


class Silent(LocalBackend):
    """A cluster that cannot be observed for a while."""

    observed: Iterator[JobState]

    def status(self, ref: str) -> JobStatus:
        del ref
        return JobStatus(next(self.observed), datetime.now(UTC), "no answer")


def silent(home_settings: Settings, *observed: JobState, then: JobState) -> Silent:
    def forever() -> Iterator[JobState]:
        yield from observed
        while True:
            yield then

    backend = Silent(home_settings.home)
    object.__setattr__(backend, "observed", forever())
    return backend


def test_unknown_is_not_failed(home_settings: Settings) -> None:
    backend = silent(home_settings, *[JobState.UNKNOWN] * 20, JobState.RUNNING, then=JobState.SUCCEEDED)
    assert wait(backend, "local-1", sleep=lambda _: None).state is JobState.SUCCEEDED


def test_unknown_for_too_long_gives_up_on_waiting_not_on_the_job(home_settings: Settings) -> None:
    slept: list[float] = []
    with pytest.raises(ServiceUnreachable, match="The job may go on"):
        wait(silent(home_settings, then=JobState.UNKNOWN), "local-1", sleep=slept.append)
    assert UNKNOWN_GIVE_UP_S - 30 <= sum(slept) <= UNKNOWN_GIVE_UP_S
    assert slept == sorted(slept)
