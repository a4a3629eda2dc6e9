"""The cluster that is always there: a child process with its own session, folder and environment.

    <root>/cas/<sha256>                 inputs, by content
    <root>/runs/<key>/job.json          what runs; in, work, out beside it
    <root>/runs/<key>/alive             locked as long as the job is supervised (`working`: as it runs)
    <root>/runs/<key>/ended.json        how it ended

All state is on disk, so a caller that was restarted finds its job again by the key.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from pipelines.cluster.protocol import (
    MANIFEST,
    PYTHON,
    Artifact,
    JobSpec,
    JobState,
    JobStatus,
    Manifest,
    Reason,
    StagedInput,
    digest,
    judge_outputs,
)
from pipelines.cluster.wrapper import INPUT_MISMATCH
from pipelines.errors import JobFailed, UsageError

PREFIX = "local-"
CODE = Path(__file__).resolve().parents[2]
SUPERVISOR = Path(__file__).with_name("supervisor.py")


@dataclass(frozen=True)
class LocalBackend:
    """Jobs as child processes, below one folder."""

    root: Path
    name: ClassVar[str] = "local"

    def stage_in(self, artifacts: Sequence[Artifact]) -> tuple[StagedInput, ...]:
        """Copy files into the content store; content that is already there is not copied again."""
        return tuple(StagedInput(artifact.name, self._stage(artifact.path)) for artifact in artifacts)

    def find(self, key: str) -> str | None:
        """Return the reference of the job with this key, None if there never was one."""
        return PREFIX + key if (self.root / "runs" / key).is_dir() else None

    def submit(self, spec: JobSpec) -> str:
        """Return the reference of the job with this specification's key, starting it if there is none.

        The run folder is made aside and renamed into place: whoever's rename succeeds starts the job, once.

        Raises:
            UsageError: An input was not staged.
        """
        if found := self.find(spec.key):
            return found
        (self.root / "runs").mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".claim-", dir=self.root / "runs"))
        run = self.root / "runs" / spec.key
        try:
            self._fill(aside, spec)
            with (aside / "alive").open("w") as alive:
                fcntl.flock(alive, fcntl.LOCK_EX)
                try:
                    aside.rename(run)
                except OSError:
                    if not run.is_dir():
                        raise
                    return PREFIX + spec.key
                _start(run, alive.fileno())
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return PREFIX + spec.key

    def status(self, ref: str) -> JobStatus:
        """Observe a job. Where its supervisor is gone without a word, what is left of it is ended."""
        run, spec = self._run(ref)
        if not (run / "ended.json").exists():
            if _locked(run / "alive"):
                started = (run / "job.pid").exists()
                return _status(JobState.RUNNING if started else JobState.QUEUED, "supervised")
            if not (run / "ended.json").exists():  # it may have ended between the two looks
                _end_remains(run)
                return _status(JobState.FAILED, "supervisor gone", Reason.NODE_FAIL)
        ended = json.loads((run / "ended.json").read_text(encoding="utf-8"))
        return _judge(ended["ended"], ended["exit_code"], spec, run / "out")

    def logs(self, ref: str, lines: int = 20) -> str:
        """Return the last lines that the job printed."""
        path = self._run(ref)[0] / "log.txt"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def cancel(self, ref: str) -> None:
        """Ask the supervisor to end the job. Cancelling an ended job does nothing."""
        run, _ = self._run(ref)
        (run / "cancel").touch()  # for a supervisor that is only just starting
        pid = run / "supervisor.pid"
        if pid.exists() and _locked(run / "alive"):
            os.kill(int(pid.read_text(encoding="utf-8")), signal.SIGTERM)

    def stage_out(self, ref: str, into: Path) -> Manifest:
        """Copy a succeeded job's outputs, each digest verified.

        Raises:
            JobFailed: The job has not succeeded, or what arrived is not what the manifest says.
        """
        run, spec = self._run(ref)
        observed = self.status(ref)
        if observed.state is not JobState.SUCCEEDED:
            raise _failed(ref, "a job that succeeded", f"{observed.state}, {observed.reason or observed.native}")
        into.mkdir(parents=True, exist_ok=True)
        manifest = Manifest.from_json((run / "out" / MANIFEST).read_text(encoding="utf-8"))
        for name in [*manifest.outputs, MANIFEST]:
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run / "out" / name, into / name)
        if reason := judge_outputs(spec, into):
            raise _failed(ref, "files as the manifest says", str(reason))
        return manifest

    def _stage(self, path: Path) -> str:
        store = self.root / "cas"
        store.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=store, delete=False) as copy:
            shutil.copyfile(path, copy.name)
        content = digest(Path(copy.name))
        # Replacing equal content by equal content heals a store that was damaged.
        Path(copy.name).replace(store / content)
        return content

    def _fill(self, run: Path, spec: JobSpec) -> None:
        for folder in ("in", "work", "out"):
            (run / folder).mkdir()
        for entry in spec.inputs:
            source = self.root / "cas" / entry.sha256
            if not source.exists():
                raise UsageError(
                    "An input was not staged",
                    where=f"job {spec.key[:12]}, input {entry.name}",
                    expected=str(source),
                    got="nothing",
                    fix="Stage it in before submitting.",
                )
            shutil.copyfile(source, run / "in" / entry.name)
        argv = [sys.executable if spec.argv[0] == PYTHON else spec.argv[0], *spec.argv[1:]]
        job = {"key": spec.key, "argv": argv, "wall_s": spec.wall_s, "spec": asdict(spec)}
        job["inputs"] = {entry.name: entry.sha256 for entry in spec.inputs}
        (run / "job.json").write_text(json.dumps(job, indent=1), encoding="utf-8")

    def _run(self, ref: str) -> tuple[Path, JobSpec]:
        run = self.root / "runs" / ref.removeprefix(PREFIX)
        if not ref.startswith(PREFIX) or not run.is_dir():
            raise UsageError(
                "There is no such job",
                where=str(self.root / "runs"),
                expected=f"job {ref}",
                got="nothing",
                fix="Submit it first, or name another.",
            )
        return run, _spec(json.loads((run / "job.json").read_text(encoding="utf-8"))["spec"])


def _start(run: Path, alive: int) -> None:
    """Start the supervisor, which takes over the lock: a copy of its descriptor keeps it held."""
    environment = {
        "PATH": os.defpath,
        "HOME": str(run / "work"),
        "TMPDIR": str(run / "work"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(CODE),
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",  # else a killed job takes its last words with it
        "OMP_NUM_THREADS": "1",
    }
    with (run / "log.txt").open("ab") as log:
        subprocess.Popen(
            [sys.executable, str(SUPERVISOR), str(run)],
            cwd=run / "work",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[alive],
            start_new_session=True,
        )


def _judge(ended: str, exit_code: int, spec: JobSpec, out: Path) -> JobStatus:
    native = f"{ended}, exit {exit_code}"
    if ended == "timeout":
        return _status(JobState.FAILED, native, Reason.TIMEOUT)
    if ended == "cancelled":
        return _status(JobState.CANCELLED, native)
    if exit_code:
        killed = exit_code < 0 or exit_code == 128 + signal.SIGKILL
        foreign = killed or exit_code == INPUT_MISMATCH
        return _status(JobState.FAILED, native, Reason.INFRA if foreign else Reason.USER_CODE)
    reason = judge_outputs(spec, out)
    return _status(JobState.FAILED if reason else JobState.SUCCEEDED, native, reason)


def _status(state: JobState, native: str, reason: Reason | None = None) -> JobStatus:
    return JobStatus(state, datetime.now(UTC), native, reason)


def _locked(path: Path) -> bool:
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _end_remains(run: Path) -> None:
    """End what still runs of a job without a supervisor; the lock says that the group is still the job's."""
    pid, working = run / "job.pid", run / "working"
    if pid.exists() and working.exists() and _locked(working):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(pid.read_text(encoding="utf-8")), signal.SIGKILL)


def _spec(content: dict[str, Any]) -> JobSpec:
    return JobSpec(
        **{
            **content,
            "argv": tuple(content["argv"]),
            "inputs": tuple(StagedInput(**entry) for entry in content["inputs"]),
            "outputs": tuple(content["outputs"]),
            "parameters": tuple((name, value) for name, value in content["parameters"]),
        }
    )


def _failed(ref: str, expected: str, got: str) -> JobFailed:
    return JobFailed(
        "The job's outputs cannot be taken",
        where=ref,
        expected=expected,
        got=got,
        fix="Read its log, then run it again.",
    )
