"""Measure the pipeline against what it replaces, on this machine, in one run: `python -m tests.bench`."""

import argparse
import logging
import shutil
import sys
from dataclasses import replace

from pipelines.jvm.class_archive import class_archive
from pipelines.jvm.jars import spark_jars
from pipelines.jvm.java import java_home
from pipelines.local import kafka
from pipelines.settings import Settings, from_environment
from pipelines.simulate.farm import Farm
from tests.bench.contenders import ROOT, TENANT, Contender, environment, starters, takers
from tests.bench.figures import Figures, Measured, as_json, as_text, surroundings
from tests.bench.kernel_figures import kernel_figures
from tests.bench.load import Load, send, write_load
from tests.bench.page import PAGE, as_page
from tests.bench.process_tree import CommandFailed, Usage, measure

FOLDER = ROOT / "build" / "bench"
ROUND = FOLDER / "round"

_log = logging.getLogger("bench")


class WrongRows(Exception):
    """A contender's rows are not the ones that the load must give."""


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 where every target is met, 1 where one is not or a contender's rows are wrong."""
    arguments = _arguments(argv)
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    _log.setLevel(logging.INFO)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        figures = _measure(arguments.events, arguments.repeats)
    except (CommandFailed, WrongRows) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    (FOLDER / "figures.json").write_text(as_json(figures) + "\n", encoding="utf-8")
    print(as_text(figures))
    if arguments.page:
        PAGE.write_text(as_page(figures), encoding="utf-8")
    return 0 if all(target.met for target in figures.targets) else 1


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, metavar="N", help="messages to take in (1000000)")
    parser.add_argument("--repeats", type=int, default=3, metavar="R", help="rounds; medians are shown (3)")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.relative_to(ROOT)} too")
    return parser.parse_args(argv)


def _measure(events: int, repeats: int) -> Figures:
    found = surroundings()
    settings = replace(from_environment(), home=FOLDER, tenant=TENANT, kafka=None, kafka_port=None)
    _log.info("measuring the kernel by itself")
    kernel = kernel_figures()
    farm = Farm(events, duplicate_share=0.05, poison_share=0.005, tenant=TENANT)
    # As the jars, so the classes: they are there wherever a session was started before.
    class_archive(settings, java_home(settings), spark_jars(settings))
    # The broker is started here, not below a contender: what it uses is nobody's.
    address = kafka.start(settings).address
    try:
        _log.info("sending %d messages", events)
        send(farm, address, settings.telemetry_topic)
        load = write_load(farm, settings.telemetry_topic, FOLDER / "load")
        runs = _rounds(settings, address, load, repeats)
        return Figures(found, events, load.message_bytes, *runs, kernel)
    finally:
        kafka.stop(settings)
        for each in (FOLDER / "kafka", FOLDER / "load", ROUND):
            shutil.rmtree(each, ignore_errors=True)


def _rounds(
    settings: Settings, address: str, load: Load, repeats: int
) -> tuple[tuple[Measured, ...], tuple[Measured, ...]]:
    """Let every contender run once a round, so that what the machine does besides falls on all of them alike."""
    taking, starting = takers(settings, address, load), starters(settings)
    usages: dict[str, list[Usage]] = {each.name: [] for each in (*taking, *starting)}
    for number in range(1, repeats + 1):
        shutil.rmtree(ROUND, ignore_errors=True)
        for contender in (*taking, *starting):
            if contender.rounds and number > contender.rounds:
                continue
            usage = _run(contender, settings, address)
            usages[contender.name].append(usage)
            _log.info("round %d: %s: %.1f CPU-s, %.1f s", number, contender.title, usage.cpu_s, usage.wall_s)
    measured = [
        Measured(each.name, each.title, each.leaves_out, tuple(usages[each.name])) for each in (*taking, *starting)
    ]
    return tuple(measured[: len(taking)]), tuple(measured[len(taking) :])


def _run(contender: Contender, settings: Settings, address: str) -> Usage:
    home = ROUND / (contender.where or contender.name)
    home.mkdir(parents=True, exist_ok=True)
    log = FOLDER / f"{contender.name}.log"
    usage = measure(contender.command(home), environment(settings, address, home), log)
    if wrong := contender.differences(home):
        raise WrongRows(f"{contender.title}: {'; '.join(wrong)}")
    return usage


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
