"""Commands that work in the quarantine."""

import sys
from argparse import Namespace
from typing import Any, TextIO

from pipelines.cli.command import Command, arg, instant, job, positive
from pipelines.cli.output import show_report
from pipelines.errors import UsageError
from pipelines.settings import Settings


def _selection(args: Namespace) -> Any:
    from pipelines.quarantine.selection import Selection, read_place

    places = tuple(read_place(text) for text in getattr(args, "offset", ()))
    return Selection(args.reason, args.device, args.since, args.until, places)


def _show(settings: Settings, args: Namespace) -> Any:
    if not args.raw:
        return job("quarantine").show(settings, args.place)
    if sys.stdout.isatty():
        raise UsageError(
            "Raw bytes do not go to a terminal, which would obey them",
            where="quarantine show --raw",
            expected="a file or a pipe",
            got="a terminal",
            fix="Redirect it, as in: fieldstream quarantine show PLACE --raw > message.bin",
        )
    return job("quarantine").raw_bytes(settings, args.place)


def _print_record(result: Any, args: Namespace, out: TextIO) -> None:
    if isinstance(result, bytes):
        out.flush()
        out.buffer.write(result)
        return
    if args.json:
        show_report(result, args, out)
        return
    facts = {name.replace("_", " "): getattr(result, name) for name in result.__dataclass_fields__ if name != "content"}
    show_report(facts, args, out)
    # The bar keeps content apart from what we say of it.
    out.writelines(f"  | {line}\n" for line in result.content)


_FILTERS = (
    arg("--reason", metavar="CODE", help="only records with this reason, as in no_time"),
    arg("--device", metavar="DEVICE", help="only records of this device, by message or Kafka key"),
    arg("--since", type=instant, metavar="TIME", help="only records that Kafka took at this time or later"),
    arg("--until", type=instant, metavar="TIME", help="only records that Kafka took before this time"),
)

QUARANTINE_COMMANDS = (
    Command(
        ("quarantine", "ls"),
        "Count what is in quarantine by reason, or list it record by record.",
        lambda settings, args: job("quarantine").list_quarantine(
            settings, _selection(args), rows=args.rows, limit=args.limit
        ),
        (
            "fieldstream quarantine ls",
            "fieldstream quarantine ls --rows --reason no_time --since 2026-06-01 --limit 10",
        ),
        (
            *_FILTERS,
            arg("--rows", action="store_true", help="list records, the newest first, instead of counting them"),
            arg("--limit", type=positive, default=50, metavar="N", help="lines, at most (50)"),
        ),
    ),
    Command(
        ("quarantine", "show"),
        "Show all of a record; what it holds is escaped, so that no terminal obeys it.",
        _show,
        (
            "fieldstream quarantine show demo.telemetry/0/17",
            "fieldstream quarantine show demo.telemetry/0/17 --raw > message.bin",
        ),
        (
            arg("place", metavar="TOPIC/PARTITION/OFFSET", help="the record, as ls --rows names it"),
            arg("--raw", action="store_true", help="write the value's bytes as they came, to a file or a pipe"),
        ),
        show=_print_record,
    ),
    Command(
        ("quarantine", "redrive"),
        "Judge records by today's contracts: say what each would become, or make it so.",
        lambda settings, args: job("quarantine").redrive(settings, _selection(args), apply=args.apply),
        (
            "fieldstream quarantine redrive --reason unknown_sensor",
            "fieldstream quarantine redrive --reason unknown_sensor --apply",
            "fieldstream quarantine redrive --offset demo.telemetry/0/17 --apply",
        ),
        (
            *_FILTERS,
            arg(
                "--offset",
                action="append",
                default=[],
                metavar="TOPIC/PARTITION/OFFSET",
                help="only this record; may be repeated",
            ),
            arg("--apply", action="store_true", help="record the new verdicts and append the observations"),
        ),
    ),
)
