"""Parse DAG files as Airflow does, with Spark and its kind forbidden, and print what each defines as JSON.

Run as a program: the measurement wants a process of its own, in which Airflow is already loaded.
"""

import json
import runpy
import sys
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import airflow.sdk

FORBIDDEN = ("pyspark", "delta", "deltalake", "great_expectations", "lightgbm", "onnxruntime", "duckdb", "kafka")


class Forbid(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 - the protocol's
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in FORBIDDEN:
            raise ImportError(f"a DAG file must not import {fullname}")
        return None


def described(dag: Any) -> dict[str, Any]:
    return {
        "dag_id": dag.dag_id,
        "tags": sorted(str(tag) for tag in dag.tags),
        "doc_md": dag.doc_md,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "schedule": repr(dag.schedule),
        "tasks": {
            task.task_id: {
                "command": getattr(task, "command", ["(a person)"]),
                "owner": task.owner,
                "retries": task.retries,
                "backs_off": bool(task.retry_exponential_backoff),
                "limit_s": task.execution_timeout.total_seconds(),
                "upstream": sorted(task.upstream_task_ids),
                "outlets": [outlet.name for outlet in task.outlets],
            }
            for task in dag.tasks
        },
    }


def parsed(path: Path) -> dict[str, Any]:
    for module in [module for module in sys.modules if module.partition(".")[0] == "pipelines"]:
        del sys.modules[module]  # each file bears the whole cost of what it imports of ours
    started_s = time.process_time()
    names = runpy.run_path(str(path))
    cpu_s = time.process_time() - started_s
    dags = [described(value) for value in names.values() if isinstance(value, airflow.sdk.DAG)]
    return {"cpu_s": cpu_s, "dags": dags}


def main(folder: Path) -> None:
    # The processor of DAG files has these loaded before it opens the first.
    for name in ("DAG", "Asset", "AssetOrTimeSchedule", "BaseOperator", "CronTriggerTimetable", "chain"):
        getattr(airflow.sdk, name)
    sys.meta_path.insert(0, Forbid())
    print(json.dumps({path.stem: parsed(path) for path in sorted(folder.glob("*.py"))}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
