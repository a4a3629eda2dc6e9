"""Judge records anew by today's contracts: the ledger keeps its rows, ops.redrives gets the new verdicts.

Verdicts are committed first, as redrive number n of ops.redrives, with the transaction id `redrive` at n. Silver is
then brought level: the observations of what that redrive accepted, made from bronze's bytes, with the same id at the
same number. A crash between the two leaves silver behind, which the next `level` sees from the ids and makes good.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import failpoints
from pipelines.contracts.digest import contract_digest
from pipelines.contracts.topics import TELEMETRY, kind_of
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, RECORD_COLUMNS, Batch, Judged
from pipelines.kernel.steps import steps
from pipelines.lake.ledger import ledger_files, rows_at
from pipelines.lake.overrides import device_overrides
from pipelines.lake.tables import Lake
from pipelines.quarantine.level import chunks, level, unseen
from pipelines.quarantine.selection import Candidate, Selection, candidates
from pipelines.quarantine.standing import REDRIVES, Row, Standing, record

EVENTS = "bronze.events"


@dataclass(frozen=True)
class Outcome:
    """What one record became, or would become."""

    former_verdict: str
    former_reasons: tuple[str, ...]
    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Redriven:
    """What a redrive came to: outcomes with how many records each has, and what was written."""

    judged: int
    changed: int
    observations: int
    outcomes: dict[Outcome, int]
    redrive_number: int | None
    """Under which number the verdicts stand in ops.redrives; None where nothing was written."""


@dataclass
class _Verdicts:
    """Verdicts collected over the chunks of a redrive."""

    outcomes: Counter[Outcome]
    rows: list[Row]
    observations: int


def redrive(lake: Lake, selection: Selection, *, tenant_id: str, decided_at: datetime, apply: bool) -> Redriven:
    """Judge the chosen records anew; with `apply`, record the verdicts that changed and their observations.

    Records that an earlier redrive accepted, or found to be duplicates, are settled and not judged again.

    Raises:
        WriterConflict: Another redrive was faster; nothing was committed.
    """
    if apply:
        level(lake, tenant_id=tenant_id)
    snapshot = lake.create(REDRIVES) if apply else None
    verdicts = _judged_anew(lake, selection, tenant_id, decided_at)
    failpoints.reach(failpoints.Seam.REDRIVE_JUDGED)
    number = None
    if snapshot and verdicts.rows:
        number = record(lake, snapshot, verdicts.rows)
        failpoints.reach(failpoints.Seam.REDRIVE_RECORDED)
        verdicts.observations = level(lake, tenant_id=tenant_id)
    outcomes = dict(verdicts.outcomes.most_common())
    changed = len(verdicts.rows)
    return Redriven(verdicts.outcomes.total(), changed, verdicts.observations, outcomes, number)


def _judged_anew(lake: Lake, selection: Selection, tenant_id: str, decided_at: datetime) -> _Verdicts:
    verdicts = _Verdicts(Counter(), [], 0)
    chosen = candidates(lake, selection)
    if not chosen:
        return verdicts
    ledger = ledger_files(lake.open(EVENTS), lake.path(EVENTS))
    standing, overrides = Standing(lake), device_overrides(lake)

    def stands(each: Candidate) -> tuple[str, int, str]:
        return each.place.topic, each.place.partition, each.verdict

    for (topic, partition, former), group in groupby(sorted(chosen, key=stands), key=stands):
        own_keys = KNOWN_KEYS_SCHEMA.empty_table()
        for chunk in chunks(list(group)):
            records = rows_at(ledger, topic, partition, [each.place.offset for each in chunk])
            records = records.select(RECORD_COLUMNS)
            with Batch(
                steps(kind_of(topic)), records, tenant_id=tenant_id, ingest_time=decided_at, overrides=overrides
            ) as batch:
                place, offsets = (topic, partition), [each.place.offset for each in chunk]
                # An event that is accepted already would find itself.
                times = None if former == "accepted" else batch.result_times().get(partition)
                known = standing.known(ledger, place, times, apart=offsets)
                judged = batch.judge(pa.concat_tables([known, own_keys]))
            own_keys = pa.concat_tables([own_keys, judged.accepted_keys])
            changed = _collect(verdicts, chunk, judged, decided_at)
            verdicts.observations += _observation_count(lake, judged, changed, former)
    return verdicts


def _collect(verdicts: _Verdicts, chunk: Sequence[Candidate], judged: Judged, decided_at: datetime) -> set[int]:
    """Count what became of each record, and note those whose verdict or reasons changed; return their offsets."""
    changed = set()
    columns = judged.events.select(
        [name for name in judged.events.column_names if name not in {"raw", "key", "headers"}]
    )
    for before, row in zip(chunk, columns.to_pylist(), strict=True):
        verdict, reasons = row["verdict"], tuple(row["reasons"])
        if before.verdict == "accepted" and verdict != "accepted":
            # What was accepted stays so: its observations are in silver.
            verdict, reasons = before.verdict, before.reasons
        verdicts.outcomes[Outcome(before.verdict, before.reasons, verdict, reasons)] += 1
        if (verdict, reasons) != (before.verdict, before.reasons):
            changed.add(row["offset"])
            verdicts.rows.append(_row(before, row, decided_at))
    return changed


def _row(before: Candidate, row: Row, decided_at: datetime) -> Row:
    return row | {
        "former_verdict": before.verdict,
        "former_reasons": list(before.reasons),
        "contract_digest": contract_digest(),
        "decided_at": decided_at,
    }


def _observation_count(lake: Lake, judged: Judged, changed: set[int], former: str) -> int:
    observations = judged.silver.filter(pc.is_in(judged.silver["offset"], pa.array(sorted(changed), pa.int64())))
    is_held = former == "accepted" and observations.num_rows and kind_of(observations["topic"][0].as_py()) is TELEMETRY
    return len(unseen(lake, observations) if is_held else observations)
