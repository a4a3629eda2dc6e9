"""Answers to the form become the words of a command: what is left empty is left out, and nothing is taken apart."""

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowException

from pipelines.cli.commands import COMMANDS, GROUPS
from pipelines.cli.parser import build_parser
from pipelines.orchestration.backfill import FORM, REPLAY


def words(**answers: object) -> list[str]:
    environment = DAG("d").get_template_env()
    given = {name: param.resolve(suppress_exception=True) for name, param in FORM.items()} | answers
    rendered = [environment.from_string(word).render(params=given, run_id="manual__1") for word in REPLAY]
    return [word for word in rendered if word]


def test_whoever_gives_only_a_reason_rehearses() -> None:
    assert words(reason="why not") == ["replay", "--dry-run", "--reason=why not", "--by=airflow manual__1"]


def test_every_answer_is_one_word_that_the_command_takes() -> None:
    hostile = "x' --dry-run {{ 7 * 7 }}"
    said = words(
        **{"offsets": "a.telemetry:0:1-2", "from": "2026-06-01", "to": "2026-06-02", "device": hostile},
        contract="older", dry_run=False, reason="r",
    )  # fmt: skip
    args = build_parser(COMMANDS, GROUPS).parse_args(said)
    assert (args.device, args.dry_run, args.offsets, args.contract) == (hostile, False, ["a.telemetry:0:1-2"], "older")
    assert (f"{args.since:%F}", f"{args.until:%F}") == ("2026-06-01", "2026-06-02")


def test_nobody_begins_without_a_reason() -> None:
    with pytest.raises((AirflowException, ValueError)):
        ParamsDict(FORM).validate()
