"""Registered models: rows of ops.models, and one file for each digest. Nothing is ever changed or removed."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from deltalake import Transaction

from pipelines import failpoints
from pipelines.errors import DataRefused
from pipelines.lake.tables import Lake
from pipelines.places import put

TABLE = "ops.models"


@dataclass(frozen=True)
class RegisteredModel:
    """A model as it was registered; `path` is relative to the lake."""

    name: str
    digest: str
    path: str
    gold_version: int
    job_key: str
    metrics: dict[str, Any]
    decided_at: datetime


def register(
    lake: Lake,
    name: str,
    content: bytes,
    *,
    gold_version: int,
    job_key: str,
    metrics: dict[str, Any],
    decided_at: datetime,
) -> RegisteredModel:
    """Keep a model: its file first, then its row. A digest that is there already is left as it is."""
    digest = sha256(content).hexdigest()
    model = RegisteredModel(name, digest, f"models/{digest}.onnx", gold_version, job_key, metrics, decided_at)
    put(lake.root / model.path, content)
    failpoints.reach(failpoints.Seam.MODEL_KEPT)
    row = {
        "model_name": name,
        "model_digest": digest,
        "model_path": model.path,
        "gold_version": gold_version,
        "job_key": job_key,
        "metrics": json.dumps(metrics, sort_keys=True),
        "decided_at": decided_at,
    }
    lake.append(TABLE, [row], once=Transaction(f"models/{name}/{digest}", 1))
    return next(kept for kept in registered(lake, name) if kept.digest == digest)


def registered(lake: Lake, name: str) -> list[RegisteredModel]:
    """Return all models of a name, oldest first."""
    rows = [row for row in lake.read(TABLE).to_pylist() if row["model_name"] == name]
    models = [
        RegisteredModel(
            name,
            row["model_digest"],
            row["model_path"],
            row["gold_version"],
            row["job_key"],
            json.loads(row["metrics"]),
            row["decided_at"],
        )
        for row in rows
    ]
    return sorted(models, key=lambda model: (model.decided_at, model.digest))


def latest(lake: Lake, name: str) -> RegisteredModel:
    """Return the model of a name that was registered last.

    Raises:
        DataRefused: There is none.
    """
    if models := registered(lake, name):
        return models[-1]
    raise DataRefused(
        "There is no model yet",
        where=str(lake.path(TABLE)),
        expected=f"a model named {name}",
        got="none",
        fix="Train one: 'fieldstream train'.",
    )


def load(lake: Lake, model: RegisteredModel) -> bytes:
    """Return the bytes of a model's file.

    Raises:
        DataRefused: The file is not there, or is not the one that was registered.
    """
    path = lake.root / model.path
    content = path.read_bytes() if path.exists() else None
    digest = "no file" if content is None else sha256(content).hexdigest()
    if content is None or digest != model.digest:
        raise DataRefused(
            "A model's file is not the one that was registered",
            where=str(path),
            expected=f"SHA-256 {model.digest}",
            got=digest,
            fix="Do not use it. Bring the file back from a copy, or train again.",
        )
    return content
