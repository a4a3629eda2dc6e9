"""What `fieldstream decode` prints, and how it ends."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from tests.kernel.test_messages import MESSAGES, read
from tests.uplinks import uplink

GOOD, BAD = uplink({"air_temperature": 21.5}), b"{"
KEYS = ["device_id", "property", "value", "unit", "depth_cm", "channel", "phenomenon_time", "flag", "event_key"]


def run(capsys: pytest.CaptureFixture[str], *line: str) -> tuple[int, list[Any], list[Any]]:
    code = main(["decode", *line], {})
    printed = capsys.readouterr()
    return code, *([json.loads(each) for each in text.splitlines()] for text in (printed.out, printed.err))


def test_an_observation_is_a_line_and_so_is_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "uplink.json").write_bytes(GOOD)
    code, (observation,), (verdict,) = run(capsys, str(tmp_path / "uplink.json"))
    assert code == 0
    assert list(observation) == KEYS
    assert observation | {"event_key": None} == {
        "device_id": "a840410000000001",
        "property": "air_temperature",
        "value": 21.5,
        "unit": "Cel",
        "depth_cm": None,
        "channel": None,
        "phenomenon_time": "2026-06-01T11:30:00Z",
        "flag": 1,
        "event_key": None,
    }
    assert (verdict["verdict"], verdict["reasons"]) == ("accepted", [])
    assert verdict["event_key"] == observation["event_key"]


def test_verdicts_come_in_the_order_of_the_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    separator = b" "  # ends a line for Python, not for us
    lines = b"\n".join([GOOD, BAD, separator, uplink({"air_temperature": 3.0}, counter=2), b"", GOOD, b""])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    code, observations, verdicts = run(capsys, "--lines", "-")
    assert code == 3
    assert [each["value"] for each in observations] == [21.5, 3.0]
    assert [each["verdict"] for each in verdicts] == [
        *("accepted", "quarantined", "quarantined", "accepted", "quarantined", "duplicate")
    ]
    assert [each["number"] for each in verdicts] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("line", "code", "reasons", "count"),
    [
        (["chirpstack_v4/up.json", "--header", "event=join"], 0, ["no_observation:join"], 0),
        (["chirpstack_v4/up.json", "--topic", "zenith.telemetry"], 0, ["unknown_sensor"], 0),
        (["fieldstream_json/logger_week.json", "--topic", "acme.telemetry"], 0, [], 7),
        (["fieldstream_json/logger_week.json", "--topic", "zenith.telemetry"], 3, ["tenant_mismatch"], 0),
        (["ngsi/device_normalized.json"], 3, ["no_time"], 0),
        (["thingpark/uplink.json", "--sensor", "Tower weather station"], 0, [], 5),  # the message's own name counts
    ],
)
def test_options_and_exit_codes(
    capsys: pytest.CaptureFixture[str], line: list[str], code: int, reasons: list[str], count: int
) -> None:
    done, observations, (verdict,) = run(capsys, str(MESSAGES / line[0]), *line[1:])
    assert (done, verdict["reasons"], len(observations)) == (code, reasons, count)


def test_a_bare_payload_needs_no_message(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["--payload", "0D38000000000BC3000010", "--fport", "2", "--sensor", "vendor/dragino/lse01"]
    code, observations, (verdict,) = run(capsys, *line)
    assert (code, verdict["verdict"], verdict["device_id"]) == (0, "accepted", None)
    assert {each["property"]: each["value"] for each in observations}["soil_temperature"] == 30.11


@pytest.mark.parametrize("line", [[], ["-", "--payload", "00"], ["-", "--header", "event"]])
def test_a_wrong_line_is_refused(capsys: pytest.CaptureFixture[str], line: list[str]) -> None:
    assert main(["decode", *line], {}) == 2
    assert read("thingpark/uplink")
    capsys.readouterr()
