"""The training job: reads its staged inputs, writes model.onnx and metrics.json. Runs on the cluster.

python -m pipelines.models.irrigation.job <in> <out>
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.contracts.models import ModelContract, read
from pipelines.models.irrigation.evaluate import evaluate
from pipelines.models.irrigation.export import largest_difference, to_onnx
from pipelines.models.irrigation.fit import fit, inputs

DATASET = "dataset.parquet"
CONTRACT = "irrigation.yaml"
OUTPUTS = ("model.onnx", "metrics.json")


def run(source: Path, into: Path) -> None:
    """Train, evaluate, export and check.

    Shape: `source` holds dataset.parquet as `dataset` gives it, and the contract; `into` receives model.onnx and
        metrics.json.
    Units: as schemas/models/irrigation.yaml gives them.
    Source: schemas/models/irrigation.yaml.
    """
    contract = read(source / CONTRACT)
    path = source / DATASET
    rows = pd.read_parquet(path)
    digest = sha256(path.read_bytes()).hexdigest()
    print(f"{len(rows)} rows, {rows['date'].min()} to {rows['date'].max()}, dataset {digest[:12]}")  # noqa: T201 - a job's output is its log
    metrics = evaluate(rows, contract)
    boosters = fit(rows, contract)
    onnx = to_onnx(boosters, contract, digest)
    metrics |= {
        "training_rows": len(rows),
        "training_data_sha256": digest,
        "largest_difference_to_trees": largest_difference(onnx, boosters, _probes(rows, contract)),
    }
    (into / "model.onnx").write_bytes(onnx)
    (into / "metrics.json").write_text(json.dumps(metrics, indent=1, sort_keys=True), encoding="utf-8")
    print(f"model.onnx {len(onnx)} bytes, sha256 {sha256(onnx).hexdigest()}")  # noqa: T201 - a job's output is its log


def _probes(rows: pd.DataFrame, contract: ModelContract) -> NDArray[np.float32]:
    """Every row as it is, and every row with one input after another missing."""
    matrix = inputs(rows, contract)
    holed = matrix.copy()
    holed[np.arange(len(matrix)), np.arange(len(matrix)) % matrix.shape[1]] = np.nan
    return np.concatenate([matrix, holed])


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
