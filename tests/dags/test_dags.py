"""House rules for every DAG file, and what each of ours does, drawn as a table."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FILES = sorted((PROJECT / "dags").glob("*.py"))
PARSE = Path(__file__).with_name("parse.py")

TAGS = {"data", "models", "impact-today", "impact-week"}
IMPACTS = {"impact-today", "impact-week"}
HEADINGS = ("**What.**", "**When.**", "**Who cares.**", "**Triage.**")
CODE_LINES = 20
PARSE_CPU_S = 0.5  # of the second that a DAG file may take: CI machines are slower than ours


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": str(PROJECT),
    }
    run = subprocess.run(
        [sys.executable, str(PARSE), str(PROJECT / "dags")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


@pytest.fixture(params=[file.stem for file in FILES])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def dag(parsed: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    (only,) = parsed[name]["dags"]
    assert isinstance(only, dict)
    return only


def test_parses_at_once_without_spark(parsed: dict[str, dict[str, Any]], name: str) -> None:
    assert parsed[name]["cpu_s"] < PARSE_CPU_S


def test_file_is_named_for_its_one_dag(dag: dict[str, Any], name: str) -> None:
    assert dag["dag_id"] == name


def test_docstring_is_the_on_call_page(dag: dict[str, Any], name: str) -> None:
    docstring = ast.get_docstring(ast.parse((PROJECT / "dags" / f"{name}.py").read_text()), clean=False)
    assert dag["doc_md"] == docstring
    positions = [dag["doc_md"].find(heading) for heading in HEADINGS]
    assert positions == sorted(positions)
    assert -1 not in positions


def test_tags_are_known_and_tell_the_impact(dag: dict[str, Any]) -> None:
    tags = set(dag["tags"])
    assert tags <= TAGS
    assert len(tags & IMPACTS) == 1


def test_only_one_run_at_a_time_and_none_of_the_past(dag: dict[str, Any]) -> None:
    assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)


def test_tasks_have_owner_retries_and_a_limit(dag: dict[str, Any]) -> None:
    for task in dag["tasks"].values():
        assert task["owner"] == "fieldstream"
        assert (task["retries"], task["backs_off"]) == (3, True)
        assert 0 < task["limit_s"] <= 6 * 3600


def test_file_is_thin(name: str) -> None:
    tree = ast.parse((PROJECT / "dags" / f"{name}.py").read_text())
    body = tree.body[1:]
    lines = {line for node in body for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    assert len(lines) <= CODE_LINES
    logic = (ast.FunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.Try, ast.Lambda)
    assert [node for node in ast.walk(tree) if isinstance(node, logic)] == []


def test_imports_are_airflows_and_orchestrations(name: str) -> None:
    tree = ast.parse((PROJECT / "dags" / f"{name}.py").read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    ours = {"pipelines.orchestration", "pipelines.orchestration.approval", "pipelines.orchestration.backfill"}
    assert modules <= {"airflow.sdk", "datetime", *ours}
    assert plain == []


@pytest.mark.parametrize(
    ("dag_id", "expected"),
    [
        (
            "intake",
            {  # task: command, tasks before it, tables it announces
                "stream": ("stream --once", [], []),
                "operations": ("stream --once --topic operations", ["stream"], []),
                "flag": ("flag", ["operations"], []),
                "gate": ("gate judge silver.observations silver.operations", ["flag"], []),
                "gold": ("gold build", ["gate"], ["gold.field_daily"]),
                "held": ("gate check", ["gold"], []),
            },
        ),
        (
            "release",
            {
                "held": ("gate status", [], []),
                "decide": ("(a person)", ["held"], []),
                "release": (
                    "gate release {{ ti.xcom_pull('held')['held'][0]['table_name'] }}"
                    " {{ ti.xcom_pull('held')['held'][0]['to_version'] }}"
                    " --reason {{ ti.xcom_pull('decide')['params_input']['reason'] }}"
                    " --by {{ ti.xcom_pull('decide')['responded_by_user']['name'] }}",
                    ["decide"],
                    [],
                ),
            },
        ),
        (
            "backfill",
            {
                "replay": (
                    "replay"
                    " {{ '--offsets=' ~ params['offsets'] if params['offsets'] }}"
                    " {{ '--from=' ~ params['from'] if params['from'] }}"
                    " {{ '--to=' ~ params['to'] if params['to'] }}"
                    " {{ '--device=' ~ params['device'] if params['device'] }}"
                    " {{ '--contract=' ~ params['contract'] if params['contract'] }}"
                    " {{ '--dry-run' if params['dry_run'] }}"
                    " {{ '--reason=' ~ params['reason'] }}"
                    " {{ '--by=airflow ' ~ run_id }}",
                    [],
                    [],
                )
            },
        ),
        ("scoring", {"score": ("score", [], [])}),
        ("retraining", {"train": ("train", [], [])}),
        ("maintenance", {"maintain": ("maintain --apply", [], [])}),
    ],
)
def test_tasks_run_their_commands_in_order(
    parsed: dict[str, dict[str, Any]], dag_id: str, expected: dict[str, tuple[str, list[str], list[str]]]
) -> None:
    tasks = parsed[dag_id]["dags"][0]["tasks"]
    found = {name: (" ".join(task["command"]), task["upstream"], task["outlets"]) for name, task in tasks.items()}
    assert found == expected


@pytest.mark.parametrize(
    ("dag_id", "parts"),
    [
        ("intake", ["*/10 * * * *", "kafka.events"]),
        ("scoring", ["0 5 * * *", "gold.field_daily"]),
        ("retraining", ["0 2 * * 1"]),
        ("maintenance", ["25 * * * *"]),
    ],
)
def test_schedule(parsed: dict[str, dict[str, Any]], dag_id: str, parts: list[str]) -> None:
    for part in parts:
        assert part in parsed[dag_id]["dags"][0]["schedule"]
