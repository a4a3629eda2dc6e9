import json
import shutil
from hashlib import sha256
from pathlib import Path

from pipelines.contracts.models import MODELS, model
from pipelines.models.irrigation.dataset import dataset, write
from pipelines.models.irrigation.job import CONTRACT, DATASET, OUTPUTS, run
from tests.field_days import field_days


def test_a_job_run_twice_writes_the_same_files(tmp_path: Path) -> None:
    source, outs = tmp_path / "in", [tmp_path / "first", tmp_path / "second"]
    for folder in [source, *outs]:
        folder.mkdir()
    write(dataset(field_days(150), model("irrigation")), source / DATASET)
    shutil.copy(MODELS / CONTRACT, source / CONTRACT)
    for out in outs:
        run(source, out)
    first, second = ([(out / name).read_bytes() for name in OUTPUTS] for out in outs)
    assert first == second
    metrics = json.loads(first[1])
    assert metrics["training_data_sha256"] == sha256((source / DATASET).read_bytes()).hexdigest()
    assert metrics["largest_difference_to_trees"] <= 1e-6
