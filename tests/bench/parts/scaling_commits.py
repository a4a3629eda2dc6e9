"""What commits before cost, for as many events."""

import shutil
from itertools import islice
from pathlib import Path

from pipelines.simulate.farm import Farm
from tests.bench.growth import result
from tests.bench.load import deliver, placed
from tests.bench.result import Result, Target, surroundings
from tests.bench.stand import Contender, Measured, Stand, counts_differ, take_in

COMMITS = (10, 100, 1_000)

METHOD = """\
{prelude:,} uplinks are taken in before in so many commits, without maintenance; then as many more at once, by the
embedded engine: what is measured begins with a process that has to read the log."""


def run(stand: Stand) -> Result:
    """Measure."""
    found, size = surroundings(), stand.options.events // 10
    measured = _by_commits(stand, size)
    spent = [each.cpu_s for each in measured.values()]
    target = Target("commits", "CPU after 1,000 commits, of that after 10", spent[-1] / spent[0])
    return result("commits", METHOD.format(prelude=size), found, measured, targets=(target,), events=size)


def _by_commits(stand: Stand, size: int) -> dict[str, Measured]:
    """Send a prelude, take it in in so many commits, each in a home of its own; then measure the rest."""
    farm = Farm(2 * size, tenant="commits")
    messages = placed(farm)
    deliver(islice(messages, size), stand.address, "commits.telemetry")
    with stand.folder() as kept:
        for commits in COMMITS:
            batches = ("--max-records", str(-(-size // commits)))
            prelude = Contender(
                f"prelude-{commits}", f"{commits:,} commits", take_in("embedded", *batches), tenant=farm.tenant
            )
            stand.run(prelude, kept / str(commits))
        deliver(messages, stand.address, "commits.telemetry")

        def prepared(commits: int) -> Contender:
            def copy(home: Path) -> None:
                shutil.copytree(kept / str(commits), home, dirs_exist_ok=True)

            return Contender(
                f"commits/{commits}", f"{commits:,} commits before", take_in("embedded"), counts_differ(farm),
                tenant=farm.tenant, prepare=copy,
            )  # fmt: skip

        return stand.rounds([prepared(commits) for commits in COMMITS])
