"""What each way a command can end means to Airflow."""

import os
import sys
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pipelines.orchestration.command import CommandEnd
from pipelines.orchestration.task import FieldstreamTask, report_of

RETRY, FAIL = AirflowException, AirflowFailException


@pytest.mark.parametrize(
    ("exit_code", "outcome"),
    [
        (1, FAIL),  # a bug
        (2, FAIL),  # usage
        (3, FAIL),  # data refused
        (4, RETRY),  # service unreachable
        (5, FAIL),  # gate held
        (6, FAIL),  # policy denied
        (-9, RETRY),  # killed from outside
        (-15, RETRY),
    ],
)
def test_exit_code_decides_whether_a_retry_may_help(exit_code: int, outcome: type[Exception]) -> None:
    with pytest.raises(AirflowException) as caught:
        report_of("fieldstream stream --once", CommandEnd(exit_code, "", "The broker sleeps."))
    assert type(caught.value) is outcome
    assert "The broker sleeps." in str(caught.value)
    assert "'fieldstream stream --once'" in str(caught.value)


@pytest.mark.parametrize(
    ("output", "report"),
    [
        ('{"rows": 3}\n', {"rows": 3}),
        ('{\n  "rows": 3,\n  "days": [1, 2]\n}\n', {"rows": 3, "days": [1, 2]}),
        ('a library said this\n{"rows": 3}\n', {"rows": 3}),
        ('7\n{"rows": 3}\n', {"rows": 3}),
        ("[]", []),
    ],
)
def test_report_is_the_document_that_ends_the_output(output: str, report: Any) -> None:
    assert report_of("fieldstream tables", CommandEnd(0, output, "")) == report


@pytest.mark.parametrize("output", ["", "done\n", '{"rows": 3}\ndone\n'])
def test_an_end_without_a_report_is_a_failure(output: str) -> None:
    with pytest.raises(AirflowFailException, match="printed no JSON report"):
        report_of("fieldstream tables", CommandEnd(0, output, ""))


def test_execute_asks_for_the_report_and_hides_airflows_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "not for children")
    monkeypatch.setenv("FIELDSTREAM_TENANT", "acme")
    source = (
        "import json, os, sys; print(json.dumps({'argv': sys.argv[1:], 'tenant': os.environ['FIELDSTREAM_TENANT'],"
        " 'airflow': [n for n in os.environ if n.startswith('AIRFLOW')]}))"
    )
    task = FieldstreamTask(task_id="gold", command=["gold", "build"], executable=[sys.executable, "-c", source])
    assert task.execute({}) == {"argv": ["gold", "build", "--json"], "tenant": "acme", "airflow": []}
    assert os.environ["AIRFLOW__CORE__FERNET_KEY"] == "not for children"


def test_the_standard_command_is_the_one_beside_this_python() -> None:
    task = FieldstreamTask(task_id="score", command=["score"])
    assert task.executable == [os.path.join(os.path.dirname(sys.executable), "fieldstream")]  # noqa: PTH118, PTH120 - written apart from the code
