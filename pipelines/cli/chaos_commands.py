"""Commands that try faults."""

import signal
from argparse import Namespace
from pathlib import Path
from typing import Any, TextIO

from pipelines.cli.command import Command, arg, job, positive, whole
from pipelines.cli.output import show_report, table_lines
from pipelines.settings import Settings


def _run(settings: Settings, args: Namespace) -> Any:
    # As Ctrl-C: a run that is told to end takes its broker and its scratch lakes with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return job("chaos").run_faults(
        settings, args.fault, seeds=args.seeds, first_seed=args.seed, engine=args.engine, scratch=args.lake
    )


def show_matrix(report: Any, args: Namespace, out: TextIO) -> None:
    """Print a line for each fault, then every breach; JSON holds all of it."""
    if args.json:
        show_report(report, args, out)
        return
    rows = [
        (row.fault, row.injections, row.runs, row.looks, " ".join(row.holds), row.result, row.seed)
        for row in report.matrix.rows
    ]
    columns = ("fault", "injections", "runs", "looks", "invariants", "result", "seed to repeat")
    out.writelines(f"{line}\n" for line in table_lines(columns, rows))
    for row in report.matrix.rows:
        out.writelines(f"{row.fault}: {breach}\n" for breach in row.breaches)
    matrix = report.matrix
    out.write(f"{matrix.injections} injections, {matrix.breaches} breaches, {matrix.duration_s:.0f} s\n")


_ENGINE = arg("--engine", choices=("embedded", "spark", "none"), help="only the faults that run with it")

CHAOS_COMMANDS = (
    Command(
        ("chaos", "list"),
        "List the faults that can be tried, and the promises that each is held to.",
        lambda _, args: job("chaos").list_faults(args.engine),
        ("fieldstream chaos list", "fieldstream chaos list --engine spark --json"),
        (_ENGINE,),
    ),
    Command(
        ("chaos", "run"),
        "Break a stream and its jobs on purpose, on a scratch lake, and hold the tables to their promises.",
        _run,
        (
            "fieldstream chaos run --fault kill.stream.bronze-committed --seeds 2",
            "fieldstream chaos run --fault 'kill.*' --seed 7 --seeds 1 --lake scratch",
        ),
        (
            arg("--fault", action="append", default=[], metavar="NAME", help="a fault, or a pattern; may be repeated"),
            arg("--seeds", type=positive, metavar="N", help="seeds of each fault (as many as a full sweep has)"),
            arg("--seed", type=whole, default=1, metavar="N", help="the first seed (1)"),
            _ENGINE,
            arg("--lake", type=Path, metavar="DIR", help="keep the scratch lakes there (removed)"),
        ),
        show=show_matrix,
        exit_code=lambda report: job("chaos").require_held(report),
    ),
)
