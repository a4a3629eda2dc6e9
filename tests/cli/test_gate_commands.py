"""What the gate's commands print."""

from argparse import Namespace
from datetime import UTC, date, datetime
from io import StringIO

from pipelines.cli.gate_commands import GATE_COMMANDS
from pipelines.jobs.gate import GateStatus, Held, TableStatus
from tests.jobs.test_gate import SILVER, result

COMMANDS = {command.words[1]: command for command in GATE_COMMANDS}
TABLE = TableStatus(SILVER, 5, 5, 5, result("held"))
ROWS = ({"rule": "flag", "device_id": "probe-0", "offset": 7}, {"rule": "range", "device_id": "probe-1", "value": 0.9})
DAY = date(2026, 6, 1)


def shown(command: str, report: object, **arguments: object) -> str:
    out = StringIO()
    COMMANDS[command].show(report, Namespace(json=False, **arguments), out)
    return out.getvalue()


def test_a_judgement_is_shown_without_its_evidence() -> None:
    lines = shown("run", result("held", "flag is one of QARTOD's")).splitlines()
    assert "gate verdict         held" in lines
    assert "failed expectations  [flag is one of QARTOD's]" in lines
    assert not any("evidence" in line for line in lines)


def test_a_held_slice_is_shown_with_reasons_rows_and_the_way_out() -> None:
    days = tuple({"field_id": f"f{n}", "from_date": DAY, "to_date": DAY} for n in range(7))
    held = Held(SILVER, 3, 5, 700, ("too high: 2 rows",), ROWS, days, datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert shown("status", GateStatus((TABLE,), (held,))) == (
        "table                version  judged  latest verdict  held slices  warnings\n"
        "-------------------  -------  ------  --------------  -----------  --------\n"
        "silver.observations        5       5  held                      1         0\n"
        "\n"
        "held: silver.observations, version 5, 700 rows, since 2026-06-01 12:00 UTC\n"
        "  too high: 2 rows\n"
        "  gold lacks it in: f0 2026-06-01 to 2026-06-01; f1 2026-06-01 to 2026-06-01; f2 2026-06-01 to 2026-06-01; "
        "f3 2026-06-01 to 2026-06-01; f4 2026-06-01 to 2026-06-01 and 2 more fields\n"
        "  device_id  offset  value\n"
        "  ---------  ------  -----\n"
        "  probe-0         7   null\n"
        "  probe-1      null    0.9\n"
        "  mend it: correct the contract or the registry, then fieldstream quarantine redrive --apply\n"
        "  judge it again: fieldstream gate run silver.observations\n"
        "  let it through: fieldstream gate release silver.observations 5 --reason WHY\n"
    )
