"""What only the backend on this machine can be asked."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cluster.local import LocalBackend
from pipelines.cluster.protocol import JobSpec, JobState, Reason, StagedInput
from pipelines.errors import UsageError
from tests.cluster.harness import LocalHarness, ended

Make = Callable[..., JobSpec]

# In place in one move: whoever waits for it reads all of it.
SAYS_ITS_PID = """
import os, time
with open("pid.part", "w") as file:
    file.write(str(os.getpid()))
os.rename("pid.part", "pid")
time.sleep(120)
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_nothing_of_the_callers_environment_reaches_the_job(
    harness: LocalHarness, job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cr3t")
    backend = harness.backend()
    ref = backend.submit(job("import os; print(*sorted(os.environ)); print(os.getcwd())"))
    ended(backend, ref)
    names, folder = backend.logs(ref).splitlines()
    assert "SECRET_TOKEN" not in names
    assert set(names.split()) <= {
        "HOME",
        "LANG",
        "LC_CTYPE",
        "OMP_NUM_THREADS",
        "PATH",
        "PYTHONHASHSEED",
        "PYTHONPATH",
        "PYTHONUNBUFFERED",
        "TMPDIR",
    }
    assert folder == str(harness.run(ref) / "work")


def test_a_job_is_in_no_session_of_the_callers(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(job("import os; print(os.getsid(0))"))
    ended(backend, ref)
    assert int(backend.logs(ref)) != os.getsid(0)


def test_where_the_supervisor_is_gone_the_job_is_ended_and_has_failed(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(job(SAYS_ITS_PID))
    program = int(harness.eventually(harness.run(ref) / "work" / "pid"))
    harness.kill_supervisor(ref)
    status = ended(backend, ref)
    assert (status.state, status.reason, status.retryable) == (JobState.FAILED, Reason.NODE_FAIL, True)
    deadline = time.monotonic() + 10
    while alive(program):
        assert time.monotonic() < deadline, "the program runs on"
        time.sleep(0.02)


def test_what_a_job_starts_ends_with_it(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(
        job(
            "import subprocess, sys\n"
            "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(120)']).pid)"
        )
    )
    assert ended(backend, ref).state is JobState.SUCCEEDED
    left, deadline = int(backend.logs(ref)), time.monotonic() + 10
    # Killed, it takes a moment until it is gone.
    while alive(left):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_input_that_was_damaged_on_the_way_is_not_used(harness: LocalHarness, job: Make) -> None:
    backend, spec = harness.backend(), job("print('ran')")
    (harness.root / "cas" / spec.inputs[0].sha256).write_text("43")
    ref = backend.submit(spec)
    status = ended(backend, ref)
    assert (status.reason, status.retryable) == (Reason.INFRA, True)
    assert "inputs are not those the job was made for" in backend.logs(ref)
    assert "ran" not in backend.logs(ref).splitlines()


def test_what_was_not_staged_cannot_be_submitted(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path)
    spec = JobSpec("test", ("python", "-c", ""), (StagedInput("a", "0" * 64),), (), "code", 60)
    with pytest.raises(UsageError, match="An input was not staged"):
        backend.submit(spec)
    assert backend.find(spec.key) is None
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_job_that_never_was_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no such job"):
        LocalBackend(tmp_path).status("local-77f0")
