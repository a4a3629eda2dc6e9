"""Commands that ask the tables, take them elsewhere, and keep them in order."""

import logging
from argparse import Namespace
from typing import Any, TextIO

from pipelines.cli.command import Command, arg, job, positive, table_version
from pipelines.cli.output import show_answer
from pipelines.settings import Settings

logger = logging.getLogger("fieldstream")


def _show_rows(answer: Any, args: Namespace, out: TextIO) -> None:
    show_answer(answer, args, out)
    logger.info("rows: %d", len(answer.rows))


def _maintain(settings: Settings, args: Namespace) -> Any:
    return job("maintain").maintain(settings, keep_days=args.keep_days, apply=args.apply)


TABLE_COMMANDS = (
    Command(
        ("sql",),
        "Ask the tables, with DuckDB's SQL and no JVM; times are UTC.",
        lambda settings, args: job("sql").sql(settings, args.query, dict(args.version)),
        (
            'fieldstream sql "select property, count(*) from silver.observations group by 1"',
            'fieldstream sql --json "select * from gold.field_daily"',
            'fieldstream sql --version silver.observations=3 "select count(*) from silver.observations"',
        ),
        (
            arg("query", metavar="SELECT", help="one SELECT; in JSON bytes are base64 and NaN is null"),
            arg("--csv", action="store_true", help="print CSV"),
            arg(
                "--version",
                type=table_version,
                action="append",
                default=[],
                metavar="TABLE=N",
                help="read a table as it was at version N; may be repeated",
            ),
        ),
        show=_show_rows,
    ),
    Command(
        ("tables",),
        "List every table: rows, version, files, size, and what a row is.",
        lambda settings, _: job("tables").tables(settings),
        ("fieldstream tables", "fieldstream tables --json"),
    ),
    Command(
        ("maintain",),
        "Join small files and delete what no reader can need: say what there is to do, or do it.",
        _maintain,
        ("fieldstream maintain", "fieldstream maintain --apply", "fieldstream maintain --keep-days 30 --apply"),
        (
            arg("--apply", action="store_true", help="do it; safe while streams, jobs and readers are at work"),
            arg(
                "--keep-days",
                type=positive,
                default=7,
                metavar="N",
                help="how long replaced files and orphans stay for readers of old versions (7)",
            ),
        ),
    ),
)
