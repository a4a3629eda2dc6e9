"""Train a model: gold to dataset to cluster job to registry, never twice for the same data, code and parameters."""

import json
import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deltalake import Transaction

from pipelines.cluster.local import LocalBackend
from pipelines.cluster.protocol import ENDED, PYTHON, Artifact, ClusterBackend, JobSpec, JobState, JobStatus
from pipelines.contracts import models as contracts
from pipelines.contracts.files import SCHEMAS
from pipelines.errors import DataRefused, JobFailed, ServiceUnreachable
from pipelines.lake.tables import Lake
from pipelines.registry import models as registry
from pipelines.settings import Settings
from pipelines.soundness.damage import require_sound

GOLD = "gold.field_daily"
JOBS = "ops.cluster_jobs"
WALL_S = 1800
DECIDING_PACKAGES = ("lightgbm", "numpy", "onnx", "pandas")
FIRST_POLL_S, LONGEST_POLL_S, POLL_GROWTH = 0.1, 30.0, 1.5
UNKNOWN_GIVE_UP_S = 600.0

log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class TrainReport:
    """What a training came to; `reused` says that it had been done before."""

    model: str
    model_digest: str
    gold_version: int
    job_key: str
    attempt: int
    reused: bool
    duration_s: float
    metrics: dict[str, Any]


def train(settings: Settings, model: str = "irrigation", backend: ClusterBackend | None = None) -> TrainReport:
    """Train on the latest gold, unless this very training is registered already.

    A job that is under way is waited for, not sent again; one that failed is tried again as a new attempt.

    Raises:
        DataRefused: Gold has no row to learn from.
        JobFailed: The job ended without a valid manifest; its last lines are quoted.
        ServiceUnreachable: The cluster could not say how the job stands.
        LakeDamaged: A table is not as it was written.
    """
    started = time.monotonic()
    lake, cluster = Lake(settings.lake), backend or LocalBackend(settings.home / "cluster")
    require_sound(lake, (GOLD, JOBS, registry.TABLE))
    gold_version = lake.version(GOLD)
    with tempfile.TemporaryDirectory() as folder:
        spec = _next_attempt(lake, _spec(lake, gold_version, model, cluster, Path(folder)))
        kept = next((kept for kept in registry.registered(lake, model) if kept.job_key == spec.key), None)
        done = kept or _run_and_register(
            lake, cluster, spec, model=model, gold_version=gold_version, folder=Path(folder)
        )
    return TrainReport(
        model,
        done.digest,
        done.gold_version,
        spec.key,
        spec.attempt,
        kept is not None,
        round(time.monotonic() - started, 3),
        done.metrics,
    )


def _spec(lake: Lake, gold_version: int, model: str, cluster: ClusterBackend, folder: Path) -> JobSpec:
    """Write the dataset, stage it, and say what the job is."""
    from pipelines.models.irrigation import code_digest, job
    from pipelines.models.irrigation.dataset import dataset, write
    from pipelines.models.irrigation.features import gold_columns

    contract = contracts.model(model)
    rows = dataset(lake.read(GOLD, gold_version, gold_columns(contract)).to_pandas(), contract)
    if rows.empty:
        raise DataRefused(
            "There is nothing to learn from",
            where=f"{GOLD}, version {gold_version}",
            expected=f"days with {', '.join(contract.required_inputs)}, and the same layer's days after",
            got="none",
            fix="Take in observations, then 'fieldstream gate run silver.observations' and 'fieldstream gold build'.",
        )
    write(rows, folder / job.DATASET)
    staged = cluster.stage_in(
        [Artifact(job.DATASET, folder / job.DATASET), Artifact(job.CONTRACT, SCHEMAS / "models" / f"{model}.yaml")]
    )
    return JobSpec(
        kind="retrain",
        argv=(PYTHON, "-m", job.__name__, "../in", "../out"),
        inputs=staged,
        outputs=job.OUTPUTS,
        code_digest=code_digest(),
        wall_s=WALL_S,
        parameters=tuple((package, version(package)) for package in DECIDING_PACKAGES),
    )


def _next_attempt(lake: Lake, spec: JobSpec) -> JobSpec:
    """Return the first attempt of a job that has not ended badly."""
    states = lake.read(JOBS, columns=["job_key", "job_state"]).to_pylist()
    lost = {row["job_key"] for row in states if row["job_state"] in {JobState.FAILED, JobState.CANCELLED}}
    while spec.key in lost:
        spec = replace(spec, attempt=spec.attempt + 1)
    return spec


def _run_and_register(
    lake: Lake, cluster: ClusterBackend, spec: JobSpec, *, model: str, gold_version: int, folder: Path
) -> registry.RegisteredModel:
    _record(lake, cluster, spec, "submitted", None)
    ref = cluster.submit(spec)
    log.info("training %s: job %s", model, ref)
    status = wait(cluster, ref)
    if status.state is not JobState.SUCCEEDED:
        _record(lake, cluster, spec, status.state, ref)
        raise _failed(cluster, ref, status)
    cluster.stage_out(ref, folder / "out")
    kept = registry.register(
        lake,
        model,
        (folder / "out" / "model.onnx").read_bytes(),
        gold_version=gold_version,
        job_key=spec.key,
        metrics=json.loads((folder / "out" / "metrics.json").read_text(encoding="utf-8")),
        decided_at=datetime.now(UTC),
    )
    _record(lake, cluster, spec, status.state, ref)
    return kept


def wait(cluster: ClusterBackend, ref: str, sleep: Callable[[float], None] = time.sleep) -> JobStatus:
    """Return how a job ended; polls ever more seldom.

    Raises:
        ServiceUnreachable: Its state has been unknown for too long. Nothing is said about the job by that.
    """
    pause, unknown_s = FIRST_POLL_S, 0.0
    while (status := cluster.status(ref)).state not in ENDED:
        unknown_s = unknown_s + pause if status.state is JobState.UNKNOWN else 0.0
        if unknown_s > UNKNOWN_GIVE_UP_S:
            raise ServiceUnreachable(
                "The cluster does not say how a job stands",
                where=f"{cluster.name}, job {ref}",
                expected="a state",
                got=f"nothing for {UNKNOWN_GIVE_UP_S:.0f} s ({status.native})",
                fix="The job may go on. Run the same command again later: it finds the job by its key.",
            )
        sleep(pause)
        pause = min(pause * POLL_GROWTH, LONGEST_POLL_S)
    return status


def _record(lake: Lake, cluster: ClusterBackend, spec: JobSpec, state: str, ref: str | None) -> None:
    row = {
        "job_key": spec.key,
        "job_kind": spec.kind,
        "job_spec": spec.canonical,
        "job_state": str(state),
        "job_ref": ref,
        "backend": cluster.name,
        "decided_at": datetime.now(UTC),
    }
    lake.append(JOBS, [row], once=Transaction(f"cluster_jobs/{spec.key}/{state}", 1))


def _failed(cluster: ClusterBackend, ref: str, status: JobStatus) -> JobFailed:
    last = " | ".join(cluster.logs(ref).split("\n")).strip() or "it printed nothing"
    return JobFailed(
        "A training job did not succeed",
        where=f"{cluster.name}, job {ref}",
        expected="exit code 0 and a manifest whose digests are true",
        got=f"{status.state} ({status.reason or 'cancelled'}; {status.native}); its last lines: {last}",
        fix="Nothing was registered. Run the same command again to try once more.",
    )
