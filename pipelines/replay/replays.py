"""ops.replays: what each slice of a replay came to, in order; told by silver's own log where a process died before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from deltalake import DeltaTable, Transaction

from pipelines.contracts.topics import KINDS
from pipelines.errors import DataRefused
from pipelines.lake.slices import actions
from pipelines.lake.tables import Lake
from pipelines.quarantine.standing import Row

APP_ID, REPLAYS = "replay", "ops.replays"


@dataclass(frozen=True)
class Counts:
    """What a replay came to, or would come to."""

    records_read: int = 0
    verdicts_changed: int = 0
    newly_quarantined: int = 0
    observations_unchanged: int = 0
    observations_changed: int = 0
    observations_new: int = 0
    observations_gone: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add up, number by number."""
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def tell(lake: Lake) -> None:
    """Append to ops.replays the rows that silver's log has beside its commits, and that are not there yet."""
    told = _reached(lake.find(REPLAYS))
    untold = [row for opened in _silver(lake) if _reached(opened) > told for row in _noted(opened, told)]
    for row in sorted(untold, key=lambda row: int(row["replay_number"])):
        row["decided_at"] = datetime.fromisoformat(row["decided_at"])
        lake.append(REPLAYS, [row], Transaction(APP_ID, row["replay_number"]))


def _noted(opened: DeltaTable, told: int) -> Iterator[Row]:
    for version in range(opened.version(), -1, -1):
        try:
            commit: Row = next(
                (action["commitInfo"] for action in actions(opened, version) if "commitInfo" in action), {}
            )
        except DataRefused:  # the log was cleaned up to here
            return
        if APP_ID in commit:
            row: Row = json.loads(commit[APP_ID])
            if row["replay_number"] <= told:
                return
            yield row | {"replaced_version": version}


def _silver(lake: Lake) -> list[DeltaTable]:
    return [found for kind in KINDS if (found := lake.find(kind.table))]


def _reached(opened: DeltaTable | None) -> int:
    return (opened.transaction_version(APP_ID) if opened else None) or 0


def next_number(lake: Lake) -> int:
    """Return the number of the next slice, or end, of a replay."""
    return max(_reached(each) for each in (*_silver(lake), lake.find(REPLAYS))) + 1
