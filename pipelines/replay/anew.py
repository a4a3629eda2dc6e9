"""Slices of bronze judged by today's contracts and registry, as a run over the same bytes would judge them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.digest import contract_digest
from pipelines.contracts.tables import table
from pipelines.contracts.topics import kind_of
from pipelines.kernel.batch import RECORD_COLUMNS, Batch
from pipelines.kernel.steps import steps
from pipelines.lake.ledger import LedgerFile, ledger_files, rows_at
from pipelines.lake.overrides import device_overrides
from pipelines.lake.tables import Lake
from pipelines.quarantine.standing import JUDGED, Row, Standing
from pipelines.replay.scope import Slice

EVENTS = "bronze.events"


@dataclass(frozen=True)
class Anew:
    """What a slice's records are by today's contracts."""

    verdicts: list[Row]
    """Those that differ from what stands, as rows of ops.redrives that lack their numbers."""
    observations: pa.Table
    """Rows of silver, each with the time at which the lake took its record in."""
    former_contracts: tuple[str, ...]

    @property
    def newly_quarantined(self) -> int:
        """How many were accepted, or a duplicate, before."""
        return sum(map(is_newly_quarantined, self.verdicts))


class Judge:
    """Judges slices one after another; what it found of the earlier ones stands for those that follow."""

    def __init__(self, lake: Lake, *, tenant_id: str, decided_at: datetime) -> None:
        """Read what stands, and what the registry says."""
        self._lake, self._tenant_id, self._decided_at = lake, tenant_id, decided_at
        self._standing, self._overrides = Standing(lake), device_overrides(lake)

    def judge(self, slice_: Slice, apart: Sequence[int]) -> Anew:
        """Judge a slice; an event at one of the offsets `apart`, the slice's own among them, is no original yet."""
        ledger = self._ledger()
        events = rows_at(ledger, slice_.topic, slice_.partition, slice_.offsets)
        with Batch(
            steps(kind_of(slice_.topic)),
            events.select(RECORD_COLUMNS),
            tenant_id=self._tenant_id,
            ingest_time=self._decided_at,
            overrides=self._overrides,
        ) as batch:
            place, times = (slice_.topic, slice_.partition), batch.result_times().get(slice_.partition)
            judged = batch.judge(self._standing.known(ledger, place, times, apart))
        return Anew(
            self._changed(events, judged.events),
            _as_taken_in(judged.silver.cast(table(kind_of(slice_.topic).table).arrow_schema), events),
            tuple(sorted(filter(None, pc.unique(events["contract_digest"]).to_pylist()))),
        )

    def without_copies(self, anew: Anew, slice_: Slice, apart: Sequence[int]) -> pa.Table:
        """Return the observations but for those of which the stream has accepted a copy meanwhile."""
        times = [
            row["result_time"]
            for row in anew.verdicts
            if row["verdict"] == "accepted" and row["former_verdict"] != "accepted"
        ]
        if not times:
            return anew.observations
        place = slice_.topic, slice_.partition
        since = self._standing.known(self._ledger(), place, (min(times), max(times)), apart)
        return anew.observations.filter(pc.invert(pc.is_in(anew.observations["event_key"], since["event_key"])))

    def learn(self, anew: Anew) -> None:
        """Let the slice's verdicts stand."""
        self._standing.add(anew.verdicts)

    def _ledger(self) -> list[LedgerFile]:
        # Listed for each slice: the stream goes on taking in.
        return ledger_files(self._lake.open(EVENTS), self._lake.path(EVENTS))

    def _changed(self, events: pa.Table, judged: pa.Table) -> list[Row]:
        common = {"contract_digest": contract_digest(), "decided_at": self._decided_at}
        columns = judged.select(["topic", "partition", "offset", "tenant_id", *JUDGED]).to_pylist()
        return [
            now | common | {"former_verdict": then["verdict"], "former_reasons": then["reasons"]}
            for then, now in zip(self._standing.of(events), columns, strict=True)
            if _told(then) != _told(now)
        ]


def is_newly_quarantined(row: Row) -> bool:
    """Say so of a row of ops.redrives."""
    return bool(row["verdict"] == "quarantined" != row["former_verdict"])


def _told(row: Row) -> list[object]:
    # Whether its original came in the same batch is no property of a copy.
    return [row[name] for name in JUDGED if not (name == "reasons" and row["verdict"] == "duplicate")]


def _as_taken_in(observations: pa.Table, events: pa.Table) -> pa.Table:
    at = pc.index_in(observations["offset"], value_set=events["offset"].combine_chunks())
    times = events["ingest_time"].take(at)
    return observations.set_column(observations.schema.get_field_index("ingest_time"), "ingest_time", times).cast(
        observations.schema
    )
