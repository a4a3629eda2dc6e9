"""Commands that ask the tables, take them elsewhere, and keep them in order."""

import logging
import sys
from argparse import Namespace
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from pipelines.cli.command import Command, arg, instant, job, positive, table_version, whole
from pipelines.cli.output import show_answer, show_report
from pipelines.cli.sql_session import answered
from pipelines.errors import UsageError
from pipelines.settings import Settings

logger = logging.getLogger("fieldstream")


def _sql(settings: Settings, args: Namespace) -> Any:
    from pipelines.lake.limits import ANALYSTS

    asked = {
        "versions": dict(args.version),
        "as_of": args.as_of,
        "limits": replace(ANALYSTS, seconds=args.timeout_s),
    }
    if args.parquet:
        return job("export").export_answer(settings, _one(args.query), args.parquet, **asked)
    ask = partial(job("sql").sql, settings, **asked)
    return answered(ask, sys.stdin) if args.query is None else [ask(args.query)]


def _one(query: str | None) -> str:
    if query is None:
        fix = "Add the SELECT whose answer the file is to hold."
        raise UsageError("A file takes one answer", where="--parquet", expected="a SELECT", got="none", fix=fix)
    return query


def _show_answers(answers: Any, args: Namespace, out: TextIO) -> None:
    if args.parquet:
        show_report(answers, args, out)
        return
    for answer in answers:
        show_answer(answer, args, out)
        out.flush()
        logger.info("rows: %d", len(answer.rows))


def _export(settings: Settings, args: Namespace) -> Any:
    return job("export").export(settings, args.table, args.format, args.to, version=args.version, as_of=args.as_of)


def _maintain(settings: Settings, args: Namespace) -> Any:
    return job("maintain").maintain(settings, keep_days=args.keep_days, apply=args.apply)


_AS_OF = arg("--as-of", type=instant, metavar="TIME", help="read every table as it was at that time")

TABLE_COMMANDS = (
    Command(
        ("sql",),
        "Ask the tables, with DuckDB's SQL and no JVM; times are UTC.",
        _sql,
        (
            'fieldstream sql "select property, count(*) from silver.observations group by 1"',
            'fieldstream sql --json "select * from gold.field_daily"',
            'fieldstream sql --version silver.observations=3 "select count(*) from silver.observations"',
            'fieldstream sql --as-of 2026-06-01T12:00:00Z "select count(*) from gold.field_daily"',
            'fieldstream sql --parquet hot.parquet "select * from gold.field_daily where air_temperature_max_c > 35"',
            "fieldstream sql --csv < questions.sql",
        ),
        (
            arg(
                "query",
                nargs="?",
                metavar="SELECT",
                help="one SELECT; without it, several are read from the terminal or from standard input, each up to a "
                "line that ends with a semicolon; in JSON bytes are base64 and NaN is null",
            ),
            arg("--csv", action="store_true", help="print CSV"),
            arg("--parquet", type=Path, metavar="FILE", help="write the answer to a Parquet file, however large it is"),
            arg(
                "--version",
                type=table_version,
                action="append",
                default=[],
                metavar="TABLE=N",
                help="read a table as it was at version N; may be repeated",
            ),
            _AS_OF,
            arg("--timeout-s", type=positive, default=300, metavar="N", help="end a query that takes longer (300)"),
        ),
        show=_show_answers,
    ),
    Command(
        ("tables",),
        "List every table: rows, version, files, size, and what a row is.",
        lambda settings, _: job("tables").tables(settings),
        ("fieldstream tables", "fieldstream tables --json"),
    ),
    Command(
        ("export",),
        "Write a table to a file: CSV, Parquet, or GeoParquet with the outline of each row's field.",
        _export,
        (
            "fieldstream export gold.field_daily --format geoparquet --to days.parquet",
            "fieldstream export silver.observations --format csv --to observations.csv --as-of 2026-06-01",
        ),
        (
            arg("table", metavar="TABLE", help="table or view, as in gold.field_daily"),
            arg("--format", choices=("csv", "geoparquet", "parquet"), required=True, help="format of the file"),
            arg("--to", type=Path, required=True, metavar="FILE", help="the file; one that is there is replaced"),
            arg("--version", type=whole, metavar="N", help="the table as it was at version N"),
            _AS_OF,
        ),
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
