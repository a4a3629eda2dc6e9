"""The command line as a user and a script meet it: what goes where, and which exit code says what."""

import errno
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import pipelines
from pipelines import errors
from pipelines.cli import commands, gate_commands, main
from pipelines.cli.commands import COMMANDS, GROUPS
from tests.jobs.test_gate import result


class KafkaTimeout(Exception):
    """Stands for any error of the Kafka client."""


def refused(kind: type[errors.FieldstreamError]) -> errors.FieldstreamError:
    return kind("It went wrong", where="here", expected="one", got="two", fix="Do this.")


def run(monkeypatch: pytest.MonkeyPatch, outcome: Any) -> int:
    """Run `fieldstream up`, its job giving or raising the outcome."""

    def up(_settings: Any) -> Any:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(commands, "job", lambda _name: SimpleNamespace(up=up))
    return main(["up"], {})


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (refused(errors.UsageError), 2),
        (refused(errors.JavaMissing), 2),
        (refused(errors.PortInUse), 2),
        (refused(errors.DataRefused), 3),
        (errors.OffsetGap("demo.telemetry", 0, 5, 9), 3),
        (errors.WriterConflict("silver.observations", "a", 5, 9), 3),
        (errors.BrokerUnreachable("localhost:9092", "refused"), 4),
        (errors.StorageFull("/data", "full"), 4),
        (refused(errors.JobFailed), 4),
        (refused(errors.GateHeld), 5),
        (refused(errors.GateErrored), 5),
        (OSError(errno.ENOSPC, "No space left on device", "/data/file"), 4),
        (RuntimeError("py4j: java.io.IOException: No space left on device"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_failure_a_user_can_mend_is_one_line_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, exit_code: int
) -> None:
    assert run(monkeypatch, error) == exit_code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == (0 if exit_code == 130 else 1)
    assert "Traceback" not in captured.err


def test_a_full_disk_is_found_below_other_errors(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outer = RuntimeError("the batch failed")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device", "/data/part-0.parquet")
    assert run(monkeypatch, outer) == 4
    assert "The disk is full (/data/part-0.parquet)" in capsys.readouterr().err


def test_an_error_of_the_kafka_client_says_the_broker_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "kafka.errors", SimpleNamespace(KafkaError=KafkaTimeout))
    monkeypatch.setattr(
        commands, "job", lambda _name: SimpleNamespace(up=lambda _settings: _raise(KafkaTimeout("60 s")))
    )
    assert main(["up"], {"FIELDSTREAM_KAFKA": "localhost:9"}) == 4
    assert "The Kafka broker does not answer (localhost:9): expected a broker, got KafkaTimeout: 60 s." in (
        capsys.readouterr().err
    )


def _raise(error: Exception) -> None:
    raise error


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, ValueError("unforeseen")) == 1
    assert "ValueError: unforeseen" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "required: COMMAND"),
        (["bogus"], "invalid choice: 'bogus'"),
        (["gate"], "required: COMMAND"),
        (["send", "middle"], "invalid choice: 'middle'"),
        (["stream", "--max-records", "0"], "'0' is not a whole number from 1"),
        (["stream", "--pace-s", "soon"], "'soon' is not a number of seconds from 0 to 3600"),
        (["stream", "--pace-s", "nan"], "'nan' is not a number of seconds from 0 to 3600"),
        (["stream", "--pace-s", "-1"], "'-1' is not a number of seconds from 0 to 3600"),
        (["sql", "--version", "silver.observations", "select 1"], "is not TABLE=VERSION"),
        (["tables", "--js"], "unrecognized arguments: --js"),
    ],
)
def test_a_wrong_command_line_ends_with_2(capsys: pytest.CaptureFixture[str], argv: list[str], told: str) -> None:
    assert main(argv, {}) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err


def test_a_wrong_setting_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables"], {"FIELDSTREAM_TENANT": "Not A Tenant"}) == 2
    assert "environment variable FIELDSTREAM_TENANT" in capsys.readouterr().err


LEVELS = [[], *[[group] for group in GROUPS], *[list(command.words) for command in COMMANDS]]


@pytest.mark.parametrize("words", LEVELS, ids=" ".join)
def test_there_is_help_with_examples_at_every_level(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main([*words, "--help"], {}) == 0
    assert "examples:\n" in capsys.readouterr().out


def test_a_report_goes_to_stdout_as_text_or_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    environ = {"FIELDSTREAM_HOME": str(tmp_path)}
    assert main(["tables"], environ) == 0
    captured = capsys.readouterr()
    assert " ".join(captured.out.split("\n")[0].split()) == "name row count version file count size bytes grain title"
    assert captured.err == ""
    assert main(["tables", "--json"], environ) == 0
    assert json.loads(capsys.readouterr().out)[0] == {
        "name": "bronze.events",
        "row_count": 0,
        "version": None,
        "file_count": 0,
        "size_bytes": 0,
        "grain": "one row per record in Kafka",
        "title": "Every Kafka record, once",
    }


def test_held_data_is_reported_and_then_ends_with_5(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = result("held")

    def require_admitted(result: object) -> None:
        assert result is held
        raise refused(errors.GateHeld)

    gate = SimpleNamespace(gate=lambda _settings, _table: held, require_admitted=require_admitted)
    monkeypatch.setattr(gate_commands, "job", lambda _name: gate)
    assert main(["gate", "run", "silver.observations"], {}) == 5
    assert "gate verdict         held\n" in capsys.readouterr().out


def imported_by(program: str, environ: dict[str, str]) -> set[str]:
    """Names of the top-level modules that a fresh interpreter has imported after the program."""
    told = "import sys; print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    ended = subprocess.run(
        [sys.executable, "-c", f"{program}; {told}"], check=True, capture_output=True, text=True, env=environ
    )
    return set(ended.stderr.splitlines()[-1].split())


ENVIRON = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(pipelines.__file__).parents[1])}
RUN = "import os; from pipelines.cli import main; assert main({argv!r}, os.environ) == 0"


@pytest.mark.parametrize("argv", [["--help"], ["sql", "--help"], ["gate", "--help"]])
def test_help_loads_no_heavy_library(argv: list[str]) -> None:
    imported = imported_by(RUN.format(argv=argv), ENVIRON)
    assert "argparse" in imported
    assert not imported & {"duckdb", "deltalake", "pyarrow", "pyspark", "yaml", "pandas", "numpy"}


def test_asking_the_tables_loads_neither_spark_nor_arrow(tmp_path: Path) -> None:
    (tmp_path / "lake" / "demo").mkdir(parents=True)
    argv = ["sql", "select count(*) from silver.observations"]
    imported = imported_by(RUN.format(argv=argv), ENVIRON | {"FIELDSTREAM_HOME": str(tmp_path)})
    assert "duckdb" in imported
    assert not imported & {"pyarrow", "pyspark", "pandas", "numpy", "pint"}


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "lake" / "demo").mkdir(parents=True)
    argv = [sys.executable, "-c", "from pipelines.cli import entry; entry()", "sql", "select * from range(300000)"]
    with subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRON | {"FIELDSTREAM_HOME": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().strip() == "range"
        process.stdout.close()
        assert "Broken" not in process.stderr.read()
    assert process.returncode == 0
