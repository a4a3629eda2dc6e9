"""Commands of the gate: judge, see what is held, release it."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from pipelines.cli.command import Command, arg, job, positive
from pipelines.cli.output import show_report, table_lines
from pipelines.cli.stopping import asked_to_stop
from pipelines.settings import Settings

_MOST_FIELDS = 5
_JUDGEMENT = (
    "table_name",
    "from_version",
    "to_version",
    "row_count",
    "expectation_count",
    "failed_expectations",
    "warnings",
    "note",
    "gate_verdict",
    "suite_digest",
    "decided_at",
    "judged_now",
)


def _show_judgement(result: Any, args: Namespace, out: TextIO) -> None:
    """Print what the gate decided; the evidence is pages of JSON, and stays in JSON and in the table."""
    facts = {name.replace("_", " "): getattr(result, name) for name in _JUDGEMENT}
    show_report(result if args.json else facts, args, out)


def _show_judgements(results: Any, args: Namespace, out: TextIO) -> None:
    if args.json:
        show_report(results, args, out)
        return
    for result in results:
        _show_judgement(result, args, out)


def _show_status(status: Any, args: Namespace, out: TextIO) -> None:
    """Print a line for each table, then each held slice with what failed and rows that show it."""
    if args.json:
        show_report(status, args, out)
        return
    columns = ("table", "version", "judged", "latest verdict", "held slices", "warnings")
    rows = [
        (
            each.table_name,
            each.version,
            each.judged_version,
            each.latest and each.latest.gate_verdict,
            sum(held.table_name == each.table_name for held in status.held),
            len(each.latest.warnings) if each.latest else 0,
        )
        for each in status.tables
    ]
    out.writelines(f"{line}\n" for line in table_lines(columns, rows))
    for held in status.held:
        out.writelines(f"{line}\n" for line in _held_lines(held))


def _held_lines(held: Any) -> Iterator[str]:
    yield ""
    since = f"{held.decided_at:%Y-%m-%d %H:%M} UTC"
    yield f"held: {held.table_name}, version {held.to_version}, {held.row_count} rows, since {since}"
    yield from (f"  {sentence}" for sentence in held.failed_expectations)
    if held.field_days:
        days = (
            f"{each['field_id']} {each['from_date']} to {each['to_date']}" for each in held.field_days[:_MOST_FIELDS]
        )
        others = len(held.field_days) - _MOST_FIELDS
        yield f"  gold lacks it in: {'; '.join(days)}{f' and {others} more fields' if others > 0 else ''}"
    yield from ("  " + line for line in _sample_lines(held.sample_rows))
    yield "  mend it: correct the contract or the registry, then fieldstream quarantine redrive --apply"
    yield f"  judge it again: fieldstream gate run {held.table_name}"
    yield f"  let it through: fieldstream gate release {held.table_name} {held.to_version} --reason WHY"


def _sample_lines(rows: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    if rows:
        columns = list(dict.fromkeys(name for row in rows for name in row if name != "rule"))
        yield from table_lines(columns, [[row.get(name) for name in columns] for row in rows])


def _follow(settings: Settings, args: Namespace) -> Any:
    gate = job("gate")
    return gate.gate_follow(settings, args.tables, asked_to_stop(), args.pace_s or gate.PACE_S)


_TABLE = arg("table", metavar="TABLE", help="table, as in silver.observations")
_TABLES = arg("tables", nargs="+", metavar="TABLE", help="tables, as in silver.observations")

GATE_COMMANDS = (
    Command(
        ("gate", "run"),
        "Judge what is new in a table; a held slice ends with exit code 5.",
        lambda settings, args: job("gate").gate(settings, args.table),
        ("fieldstream gate run silver.observations",),
        (_TABLE,),
        show=_show_judgement,
        check=lambda result: job("gate").require_admitted(result),
    ),
    Command(
        ("gate", "judge"),
        "As gate run, but a slice that is held is no failure: what follows can use the rest.",
        lambda settings, args: [job("gate").gate(settings, table) for table in args.tables],
        ("fieldstream gate judge silver.observations silver.operations",),
        (_TABLES,),
        show=_show_judgements,
    ),
    Command(
        ("gate", "follow"),
        "As gate judge, again and again, until stopped; what is loaded for a judgement stays for the next.",
        _follow,
        ("fieldstream gate follow silver.observations silver.operations --pace-s 60",),
        (
            _TABLES,
            arg("--pace-s", type=positive, metavar="S", help="seconds between two rounds' starts, at least (600)"),
        ),
        show=_show_status,
    ),
    Command(
        ("gate", "check"),
        "Say how the tables stand, as gate status; anything held ends with exit code 5.",
        lambda settings, _: job("gate").gate_status(settings),
        ("fieldstream gate check",),
        show=_show_status,
        check=lambda status: job("gate").require_none_held(status),
    ),
    Command(
        ("gate", "status"),
        "Say how far each table is judged, and show what is held: why, and rows.",
        lambda settings, _: job("gate").gate_status(settings),
        ("fieldstream gate status",),
        show=_show_status,
    ),
    Command(
        ("gate", "release"),
        "Let a held slice be used, on record: who decided it, when, and why.",
        lambda settings, args: job("gate").gate_release(settings, args.table, args.version, args.reason, args.by),
        ('fieldstream gate release silver.observations 17 --reason "frost; the readings are right"',),
        (
            _TABLE,
            arg("version", type=positive, metavar="VERSION", help="last version of the slice, as gate status shows it"),
            arg("--reason", required=True, metavar="WHY", help="why it may be used"),
            arg("--by", metavar="WHO", help="who decides it (the user who runs the command)"),
        ),
    ),
    Command(
        ("gate", "docs"),
        "Write the gate's judgements as Great Expectations shows them: pages to read offline.",
        lambda settings, args: job("gate_docs").gate_docs(settings, args.into),
        ("fieldstream gate docs --into gate-docs",),
        (arg("--into", type=Path, default=Path("gate-docs"), metavar="DIR", help="folder (gate-docs)"),),
    ),
)
