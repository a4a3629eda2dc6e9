"""Measure the pipeline against what it replaces, on this machine, in one run: `python -m tests.bench`."""

import argparse
import fcntl
import importlib
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import page
from tests.bench.process_tree import CommandFailed
from tests.bench.result import ASKED_FOR, PARTS, Result
from tests.bench.rivals import RIVALS
from tests.bench.stand import FOLDER, Options, Stand, WrongRows, opened

_log = logging.getLogger("bench")


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 where every target is met, 1 where one is not or a contender's rows are wrong."""
    arguments = _arguments(argv)
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    _log.setLevel(logging.INFO)
    options = Options(
        arguments.events,
        arguments.repeats,
        arguments.seconds,
        frozenset(arguments.rivals),
        arguments.kafka_delta_ingest,
    )
    results = []
    try:
        with _alone(), opened(options) as stand:
            for result in _measured(stand, arguments.only):
                (FOLDER / f"{result.part}.json").write_text(result.as_json(), encoding="utf-8")
                print(page.as_text(result), flush=True)
                if arguments.page:
                    page.keep(result)
                results.append(result)
    except (CommandFailed, WrongRows) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    return 0 if all(target.met for result in results for target in result.targets) else 1


@contextmanager
def _alone() -> Iterator[None]:
    """Empty the folder, once no other benchmark uses it."""
    FOLDER.parent.mkdir(exist_ok=True)
    with FOLDER.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        yield


def _measured(stand: Stand, parts: list[str]) -> Iterator[Result]:
    for part in parts:
        _log.info("part %s", part)
        yield importlib.import_module(f"tests.bench.parts.{part}").run(stand)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only",
        type=_names((*PARTS, *ASKED_FOR)),
        default=list(PARTS),
        metavar="PART,...",
        help=f"parts to run: {', '.join(PARTS)}, and only if named {', '.join(ASKED_FOR)}",
    )
    parser.add_argument(
        "--events", type=int, default=2_000_000, metavar="N",
        help="messages to take in; what other parts send is in proportion (2000000)",
    )  # fmt: skip
    parser.add_argument("--repeats", type=int, default=3, metavar="R", help="rounds; medians are shown (3)")
    parser.add_argument(
        "--seconds", type=int, default=30, metavar="S", help="how long a latency is measured, or a soak lasts (30)"
    )
    parser.add_argument(
        "--rivals", type=_names(RIVALS), default=[], metavar="NAME,...",
        help=f"contenders to make an environment of their own for: {', '.join(RIVALS)}",
    )  # fmt: skip
    parser.add_argument("--kafka-delta-ingest", type=Path, metavar="PATH", help="its program, to let it take part")
    parser.add_argument("--page", action="store_true", help="keep the results, and write the page and its plots anew")
    return parser.parse_args(argv)


def _names(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        found = text.split(",")
        if unknown := set(found) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not among {', '.join(known)}")
        return found

    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
