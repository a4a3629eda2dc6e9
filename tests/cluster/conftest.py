"""The backends that the conformance suite runs against, and a job to run on them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cluster.protocol import PYTHON, Artifact, JobSpec
from tests.cluster.harness import LocalHarness


@pytest.fixture(params=[LocalHarness])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> LocalHarness:
    made: LocalHarness = request.param(tmp_path / "cluster")
    return made


@pytest.fixture
def job(harness: LocalHarness, tmp_path: Path) -> Callable[..., JobSpec]:
    """A specification that runs some Python; its input `number.txt` holds 42."""

    def make(code: str, *, outputs: tuple[str, ...] = (), wall_s: int = 60, attempt: int = 1) -> JobSpec:
        (tmp_path / "number.txt").write_text("42")
        staged = harness.backend().stage_in([Artifact("number.txt", tmp_path / "number.txt")])
        return JobSpec("test", (PYTHON, "-c", code), staged, outputs, "code", wall_s, attempt=attempt)

    return make
