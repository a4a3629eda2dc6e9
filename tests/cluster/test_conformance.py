"""What every backend must do, whatever is done to its jobs. One suite, for real, against each."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cluster.local import LocalBackend
from pipelines.cluster.protocol import Artifact, JobSpec, JobState, Reason, digest
from pipelines.errors import JobFailed
from tests.cluster.harness import LocalHarness, ended, manifest_of
from tests.cluster.test_wrapper import WAITS_TO_BE_ASKED

Make = Callable[..., JobSpec]
COPY = "import shutil; shutil.copy('../in/number.txt', '../out/copy.txt'); print('copied')"
SLEEP = "import time; print('started', flush=True); time.sleep(120)"


def submitted_elsewhere(root: Path, spec: JobSpec) -> str:
    return LocalBackend(root).submit(spec)


def test_a_job_reads_its_inputs_and_its_outputs_come_back(harness: LocalHarness, job: Make, tmp_path: Path) -> None:
    backend, spec = harness.backend(), job(COPY, outputs=("copy.txt",))
    ref = backend.submit(spec)
    assert ended(backend, ref).state is JobState.SUCCEEDED
    manifest = backend.stage_out(ref, tmp_path / "back")
    assert (tmp_path / "back" / "copy.txt").read_text() == "42"
    # sha256 of the two characters 42, from sha256sum
    forty_two = "73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049"
    assert manifest.inputs == {"number.txt": forty_two}
    assert manifest.outputs == {"copy.txt": forty_two}
    assert (manifest.key, manifest.exit_code, manifest.cancelled) == (spec.key, 0, False)


def test_a_job_submitted_again_is_the_same_job(harness: LocalHarness, job: Make) -> None:
    backend, spec = harness.backend(), job("open('../out/ran.txt', 'a').write('x')", outputs=("ran.txt",))
    assert backend.find(spec.key) is None
    ref = backend.submit(spec)
    assert backend.submit(spec) == ref == backend.find(spec.key)
    ended(backend, ref)
    assert harness.backend().submit(spec) == ref
    assert (harness.out(ref) / "ran.txt").read_text() == "x"


def test_many_who_submit_at_once_start_one_job(harness: LocalHarness, job: Make) -> None:
    spec = job("import time; open('../out/ran.txt', 'a').write('x'); time.sleep(0.2)", outputs=("ran.txt",))
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        refs = pool.starmap(submitted_elsewhere, [(harness.root, spec)] * 8)
    assert len(set(refs)) == 1
    assert ended(harness.backend(), refs[0]).state is JobState.SUCCEEDED
    assert (harness.out(refs[0]) / "ran.txt").read_text() == "x"


def test_another_attempt_is_another_job(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    first = backend.submit(job("raise SystemExit(3)"))
    assert ended(backend, first).reason is Reason.USER_CODE
    second = backend.submit(job("raise SystemExit(3)", attempt=2))
    assert second != first
    assert ended(backend, second).reason is Reason.USER_CODE


def test_a_caller_that_was_restarted_finds_its_job(harness: LocalHarness, job: Make, tmp_path: Path) -> None:
    spec = job(COPY, outputs=("copy.txt",))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        ref = pool.apply(submitted_elsewhere, (harness.root, spec))
    # The process that submitted is gone.
    backend = harness.backend()
    assert backend.find(spec.key) == ref
    assert ended(backend, ref).state is JobState.SUCCEEDED
    backend.stage_out(ref, tmp_path / "back")
    assert (tmp_path / "back" / "copy.txt").read_text() == "42"


def test_a_failed_jobs_last_words_can_be_read(harness: LocalHarness, job: Make, tmp_path: Path) -> None:
    backend = harness.backend()
    ref = backend.submit(job("for n in range(100): print('line', n)\nraise ValueError('no seed')"))
    status = ended(backend, ref)
    assert (status.state, status.reason, status.retryable) == (JobState.FAILED, Reason.USER_CODE, False)
    assert backend.logs(ref, 1) == "ValueError: no seed"
    assert "line 99" in backend.logs(ref)
    assert "line 0\n" not in backend.logs(ref)
    with pytest.raises(JobFailed, match="user_code"):
        backend.stage_out(ref, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_killed_job_has_failed_and_may_be_tried_again(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(job(SLEEP))
    harness.kill(ref)
    status = ended(backend, ref)
    assert (status.state, status.reason, status.retryable) == (JobState.FAILED, Reason.INFRA, True)


def test_a_job_that_takes_too_long_is_ended(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(job(SLEEP, wall_s=1))
    status = ended(backend, ref)
    assert (status.state, status.reason) == (JobState.FAILED, Reason.TIMEOUT)


def test_a_cancelled_job_gets_time_to_write_a_checkpoint(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(job(WAITS_TO_BE_ASKED))
    harness.eventually(harness.run(ref) / "work" / "ready")
    backend.cancel(ref)
    # It ended with 0, and yet it is no success.
    assert ended(backend, ref).state is JobState.CANCELLED
    assert (harness.out(ref) / "checkpoint").read_text() == "half"
    assert manifest_of(harness.out(ref))["cancelled"] is True
    backend.cancel(ref)
    assert backend.status(ref).state is JobState.CANCELLED


def test_a_job_cancelled_as_it_starts_does_not_run_on(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(job(SLEEP))
    backend.cancel(ref)
    assert ended(backend, ref).state is JobState.CANCELLED


def test_an_output_changed_after_the_manifest_is_not_taken(harness: LocalHarness, job: Make, tmp_path: Path) -> None:
    backend = harness.backend()
    ref = backend.submit(job(COPY, outputs=("copy.txt",)))
    ended(backend, ref)
    (harness.out(ref) / "copy.txt").write_text("43")
    status = backend.status(ref)
    assert (status.state, status.reason) == (JobState.FAILED, Reason.MANIFEST_MISMATCH)
    with pytest.raises(JobFailed, match="manifest_mismatch"):
        backend.stage_out(ref, tmp_path / "back")


def test_exit_code_0_without_a_manifest_is_no_success(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(job(COPY, outputs=("copy.txt",)))
    ended(backend, ref)
    (harness.out(ref) / "manifest.json").unlink()
    status = backend.status(ref)
    assert (status.state, status.reason, status.retryable) == (JobState.FAILED, Reason.MANIFEST_MISSING, True)


def test_an_output_that_was_promised_and_is_not_there_is_no_success(harness: LocalHarness, job: Make) -> None:
    backend = harness.backend()
    ref = backend.submit(job(COPY, outputs=("copy.txt", "model.onnx")))
    assert ended(backend, ref).reason is Reason.MANIFEST_MISMATCH


def test_staging_the_same_content_twice_keeps_one_copy(harness: LocalHarness, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("same")
    staged = harness.backend().stage_in([Artifact(name, tmp_path / name) for name in ("a", "b")])
    assert [entry.sha256 for entry in staged] == [digest(tmp_path / "a")] * 2
    assert [entry.name for entry in staged] == ["a", "b"]
    assert len(list((harness.root / "cas").iterdir())) == 1
