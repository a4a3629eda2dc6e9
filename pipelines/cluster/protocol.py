"""What every cluster backend must do, in the fewest methods, and the words they all use.

A job is a program with staged inputs and named outputs. It has succeeded when its backend says it ended well AND its
manifest, written last by the wrapper, is there and every digest in it is true. `unknown` says that the state could
not be observed: it never becomes `failed` by itself.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

MANIFEST = "manifest.json"
PYTHON = "python"
"""As first word of a job's argv: the backend's own Python, in which `pipelines` can be imported."""


class JobState(StrEnum):
    """Where a job stands."""

    STAGING = "staging"
    QUEUED = "queued"
    RUNNING = "running"
    FINISHING = "finishing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


class Reason(StrEnum):
    """Why a job did not succeed."""

    USER_CODE = "user_code"
    BAD_REQUEST = "bad_request"
    TIMEOUT = "timeout"
    OOM = "oom"
    NODE_FAIL = "node_fail"
    PREEMPTED = "preempted"
    AUTH = "auth"
    QUOTA = "quota"
    POLICY = "policy"
    INFRA = "infra"
    MANIFEST_MISSING = "manifest_missing"
    MANIFEST_MISMATCH = "manifest_mismatch"


RETRYABLE = frozenset({Reason.NODE_FAIL, Reason.PREEMPTED, Reason.INFRA, Reason.MANIFEST_MISSING})


@dataclass(frozen=True)
class Artifact:
    """A local file that a job will find in its `in` folder under this name."""

    name: str
    path: Path


@dataclass(frozen=True)
class StagedInput:
    """An artifact that the backend holds, by content."""

    name: str
    sha256: str


@dataclass(frozen=True)
class JobSpec:
    """All that decides what a job computes. It runs in its `work` folder, beside `in` and `out`."""

    kind: str
    argv: tuple[str, ...]
    inputs: tuple[StagedInput, ...]
    outputs: tuple[str, ...]
    code_digest: str
    wall_s: int
    parameters: tuple[tuple[str, str], ...] = ()
    attempt: int = 1

    @property
    def canonical(self) -> str:
        """The specification as JSON that is equal for equal jobs: keys sorted, no spaces."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def key(self) -> str:
        """Idempotency key: two submissions with the same key are one job."""
        return sha256(self.canonical.encode()).hexdigest()


@dataclass(frozen=True)
class JobStatus:
    """What was observed of a job, and when; `native` is the backend's own wording."""

    state: JobState
    observed_at: datetime
    native: str
    reason: Reason | None = None

    @property
    def retryable(self) -> bool:
        """Whether another attempt of the very same job may end otherwise."""
        return self.reason in RETRYABLE


@dataclass(frozen=True)
class Manifest:
    """What the wrapper wrote last: what went in, what came out, and how it ended."""

    key: str
    exit_code: int
    cancelled: bool
    inputs: dict[str, str]
    outputs: dict[str, str]
    started_at: str
    finished_at: str
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read a manifest.

        Raises:
            ValueError: It is no manifest.
        """
        content: Any = json.loads(text)
        try:
            return cls(**content)
        except TypeError as cause:
            raise ValueError(f"not a manifest: {cause}") from cause


class ClusterBackend(Protocol):
    """A cluster. Its methods raise ServiceUnreachable where it does not answer."""

    @property
    def name(self) -> str:
        """Return what ops.cluster_jobs calls the backend."""
        ...

    def stage_in(self, artifacts: Sequence[Artifact]) -> tuple[StagedInput, ...]:
        """Bring files to the cluster; content that is already there is not sent again."""
        ...

    def find(self, key: str) -> str | None:
        """Return the reference of the job with this key, None if there never was one."""
        ...

    def submit(self, spec: JobSpec) -> str:
        """Return the reference of the job with this specification's key, starting it if there is none."""
        ...

    def status(self, ref: str) -> JobStatus:
        """Observe a job."""
        ...

    def logs(self, ref: str, lines: int = 20) -> str:
        """Return the last lines that the job printed."""
        ...

    def cancel(self, ref: str) -> None:
        """End a job; it gets time to end by itself. Cancelling an ended job does nothing."""
        ...

    def stage_out(self, ref: str, into: Path) -> Manifest:
        """Fetch a succeeded job's outputs, each digest verified.

        Raises:
            JobFailed: The job has not succeeded, or what arrived is not what the manifest says.
        """
        ...


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        hashed = sha256()
        while block := file.read(1 << 20):
            hashed.update(block)
    return hashed.hexdigest()


def judge_outputs(spec: JobSpec, out: Path) -> Reason | None:
    """Return why the outputs of a job that ended well cannot be taken, None where all is as its manifest says."""
    path = out / MANIFEST
    if not path.exists():
        return Reason.MANIFEST_MISSING
    try:
        manifest = Manifest.from_json(path.read_text(encoding="utf-8"))
    except ValueError:
        return Reason.MANIFEST_MISMATCH
    complete = manifest.key == spec.key and manifest.exit_code == 0 and not manifest.cancelled
    if not complete or not set(spec.outputs) <= manifest.outputs.keys():
        return Reason.MANIFEST_MISMATCH
    wanted = {entry.name: entry.sha256 for entry in spec.inputs}
    if manifest.inputs != wanted:
        return Reason.MANIFEST_MISMATCH
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in manifest.outputs):
        return Reason.MANIFEST_MISMATCH
    true = all((out / name).is_file() and digest(out / name) == said for name, said in manifest.outputs.items())
    return None if true else Reason.MANIFEST_MISMATCH
