from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.errors import DataRefused
from pipelines.lake.tables import Lake
from pipelines.registry.models import RegisteredModel, latest, load, register, registered

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def put(lake: Lake, content: bytes, *, name: str = "irrigation", hours: int = 0) -> RegisteredModel:
    return register(
        lake,
        name,
        content,
        gold_version=3,
        job_key=f"job of {content.decode()}",
        metrics={"skill": 0.05},
        decided_at=NOON + timedelta(hours=hours),
    )


def test_what_was_registered_comes_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    model = put(lake, b"first")
    assert registered(lake, "irrigation") == [model]
    assert model.digest == sha256(b"first").hexdigest()
    assert model.path == f"models/{model.digest}.onnx"
    assert (model.gold_version, model.metrics, model.decided_at) == (3, {"skill": 0.05}, NOON)
    assert load(lake, model) == b"first"


def test_the_newest_of_a_name_is_the_latest(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    put(lake, b"second", hours=2)
    put(lake, b"first", hours=1)
    put(lake, b"another", name="disease", hours=3)
    assert load(lake, latest(lake, "irrigation")) == b"second"
    assert [model.job_key for model in registered(lake, "irrigation")] == ["job of first", "job of second"]


def test_registering_again_changes_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first = put(lake, b"first")
    version = lake.version("ops.models")
    assert put(lake, b"first", hours=5) == first
    assert lake.version("ops.models") == version


@pytest.mark.parametrize(("damage", "got"), [(b"tampered", sha256(b"tampered").hexdigest()), (None, "no file")])
def test_a_file_that_is_not_the_registered_one_is_refused(tmp_path: Path, damage: bytes | None, got: str) -> None:
    lake = Lake(tmp_path)
    model = put(lake, b"first")
    (tmp_path / model.path).unlink()
    if damage is not None:
        (tmp_path / model.path).write_bytes(damage)
    with pytest.raises(DataRefused, match=f"expected SHA-256 {model.digest}, got {got}"):
        load(lake, model)


def test_without_a_model_there_is_no_latest(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="There is no model yet"):
        latest(Lake(tmp_path), "irrigation")
