"""Bugs planted on purpose, each of which the harness must find: run as the process that commands are forked from."""

import sys

from deltalake import DeltaTable

from pipelines import failpoints
from pipelines.cli import warm
from pipelines.lake import commit
from pipelines.stream import batch


def silver_first() -> None:
    """Commit silver before bronze."""
    append = batch.append_once

    def later(*plan):
        waiting = []
        batch.append_once = lambda *args: waiting.append(args)
        failpoints_reach, failpoints.reach = failpoints.reach, lambda _seam: None
        try:
            moved = real(*plan)
        finally:
            batch.append_once, failpoints.reach = append, failpoints_reach
        bronze, silver = waiting
        append(*silver)
        failpoints.reach(failpoints.Seam.BRONZE_COMMITTED)
        append(*bronze)
        return moved

    real, batch._commit = batch._commit, later


def refreshed_snapshot() -> None:
    """Hold the plan against its own snapshot, then commit from the newest one."""
    create = DeltaTable.create_write_transaction

    def from_the_newest(self, *args, **kwargs):
        self.update_incremental()
        return create(self, *args, **kwargs)

    DeltaTable.create_write_transaction = from_the_newest


def no_check() -> None:
    """Commit from the newest snapshot, and hold the plan against nothing."""
    append = commit.append_once

    def unchecked(snapshot, contract, files, progress, information=None):
        newest = DeltaTable(snapshot.table_uri)
        moved = [commit.Progress(each.app_id, newest.transaction_version(each.app_id), each.next) for each in progress]
        append(newest, contract, files, moved, information)

    batch.append_once = unchecked


if __name__ == "__main__":
    {"silver-first": silver_first, "refreshed-snapshot": refreshed_snapshot, "no-check": no_check}[sys.argv[1]]()
    warm.serve()
