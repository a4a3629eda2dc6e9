"""Run every fault there is, print the matrix, keep the result, and write the page from it."""

import json
import logging
import sys
from argparse import Namespace

from pipelines.cli import main
from pipelines.cli.chaos_commands import show_matrix
from pipelines.cli.output import plain
from pipelines.jobs.chaos import require_held, run_faults
from pipelines.settings import from_environment
from tests.chaos.page import PAGE, RESULT, as_page, surroundings


def sweep() -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    report = run_faults(from_environment())
    show_matrix(report, Namespace(json=False), sys.stdout)
    result = {"surroundings": surroundings(), **plain(report)}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(as_page(result), encoding="utf-8")
    return require_held(report)


if __name__ == "__main__":
    # With arguments it is the command itself, and keeps nothing.
    sys.exit(main(["chaos", "run", *sys.argv[1:]], {}) if sys.argv[1:] else sweep())
