import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.cluster.protocol import JobSpec, Reason, StagedInput, judge_outputs

SPEC = JobSpec("retrain", ("python", "-m", "x"), (StagedInput("d", "aa"),), ("m",), "cc", 60, (("lightgbm", "4.7.0"),))


def test_the_key_is_the_digest_of_the_canonical_specification() -> None:
    canonical = (
        '{"argv":["python","-m","x"],"attempt":1,"code_digest":"cc","inputs":[{"name":"d","sha256":"aa"}],'
        '"kind":"retrain","outputs":["m"],"parameters":[["lightgbm","4.7.0"]],"wall_s":60}'
    )
    assert SPEC.canonical == canonical
    assert SPEC.key == sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"code_digest": "dd"},
        {"inputs": (StagedInput("d", "bb"),)},
        {"parameters": (("lightgbm", "4.8.0"),)},
        {"argv": ("python", "-m", "y")},
        {"attempt": 2},
    ],
)
def test_whatever_decides_the_result_decides_the_key(change: dict[str, object]) -> None:
    assert replace(SPEC, **change).key != SPEC.key  # type: ignore[arg-type]  # names and values are the table's above


TRUE = {
    "key": SPEC.key,
    "exit_code": 0,
    "cancelled": False,
    "inputs": {"d": "aa"},
    "outputs": {"m": sha256(b"model").hexdigest()},
    "started_at": "",
    "finished_at": "",
    "environment": {},
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"key": "other"}, Reason.MANIFEST_MISMATCH),
        ({"exit_code": 1}, Reason.MANIFEST_MISMATCH),
        ({"cancelled": True}, Reason.MANIFEST_MISMATCH),
        ({"inputs": {"d": "bb"}}, Reason.MANIFEST_MISMATCH),
        ({"outputs": {}}, Reason.MANIFEST_MISMATCH),
        ({"outputs": {"m": "00"}}, Reason.MANIFEST_MISMATCH),
        ({"outputs": TRUE["outputs"] | {"../m": sha256(b"model").hexdigest()}}, Reason.MANIFEST_MISMATCH),  # type: ignore[operator]  # a mapping
        ({"unheard_of": 1}, Reason.MANIFEST_MISMATCH),
    ],
)
def test_a_manifest_must_be_true(tmp_path: Path, change: dict[str, object], reason: Reason | None) -> None:
    (tmp_path / "m").write_bytes(b"model")
    (tmp_path / "manifest.json").write_text(json.dumps(TRUE | change))
    assert judge_outputs(SPEC, tmp_path) is reason


def test_half_a_manifest_is_none(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(TRUE)[:40])
    assert judge_outputs(SPEC, tmp_path) is Reason.MANIFEST_MISMATCH
