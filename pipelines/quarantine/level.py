"""Bring silver level with ops.redrives: the observations of records that were accepted when judged anew."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import failpoints
from pipelines.contracts.tables import table
from pipelines.contracts.topics import KINDS, OPERATIONS, TELEMETRY, TopicKind, kind_of
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, RECORD_COLUMNS, Batch
from pipelines.kernel.steps import steps
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import FileWriter
from pipelines.lake.ledger import ledger_files, rows_at
from pipelines.lake.overrides import device_overrides
from pipelines.lake.query import query
from pipelines.lake.tables import Lake
from pipelines.quarantine.selection import Candidate, Place
from pipelines.quarantine.standing import APP_ID, REDRIVES, Standing

EVENTS, OBSERVATIONS = "bronze.events", "silver.observations"

# Quarantined records may be as large as the broker lets them be.
_CHUNK_ROWS, _CHUNK_BYTES = 10_000, 64 * 2**20

_IDENTITY = ("topic", "partition", "offset", "device_id", "property", "channel", "phenomenon_time")

Depths = dict[tuple[Any, ...], set[float | None]]


def level(lake: Lake, *, tenant_id: str) -> int:
    """Append to silver what redrives accepted since silver last was level; return how many rows that is.

    Raises:
        WriterConflict: Another process is bringing silver level too; nothing was committed.
    """
    if not lake.exists(REDRIVES):
        return 0
    return sum(_leveled(lake, kind, tenant_id) for kind in KINDS if kind is TELEMETRY or lake.exists(kind.table))


def _leveled(lake: Lake, kind: TopicKind, tenant_id: str) -> int:
    silver = lake.create(kind.table)
    taken, seen = lake.open(REDRIVES).transaction_version(APP_ID), silver.transaction_version(APP_ID)
    if taken is None or taken == seen:
        return 0
    count = 0
    with FileWriter(lake.path(kind.table)) as writer:
        for rows in _observed(lake, kind, seen or 0, taken, tenant_id):
            writer.write(rows)
            count += rows.num_rows
        file = writer.finish()
    failpoints.reach(failpoints.Seam.REDRIVE_OBSERVED)
    append_once(silver, table(kind.table), [file] if file else [], [Progress(APP_ID, seen, taken)])
    failpoints.reach(failpoints.Seam.REDRIVE_LEVEL)
    return count


def chunks(chosen: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Cut records of one Kafka partition into pieces that fit in memory."""
    chunk: list[Candidate] = []
    size_bytes = 0
    for each in chosen:
        if chunk and (len(chunk) == _CHUNK_ROWS or size_bytes + each.size_bytes > _CHUNK_BYTES):
            yield chunk
            chunk, size_bytes = [], 0
        chunk.append(each)
        size_bytes += each.size_bytes
    if chunk:
        yield chunk


def unseen(lake: Lake, observations: pa.Table) -> pa.Table:
    """Return the observations that silver does not hold yet, of records of one Kafka partition."""
    if observations.num_rows == 0 or not lake.exists(OBSERVATIONS):
        return observations
    files = ledger_files(lake.open(OBSERVATIONS), lake.path(OBSERVATIONS))
    topic, partition = observations["topic"][0].as_py(), observations["partition"][0].as_py()
    offsets = pc.unique(observations["offset"]).to_pylist()
    known = _depths(rows_at(files, topic, partition, offsets, OBSERVATIONS))
    return observations.filter(pa.array(_are_new(observations, known), pa.bool_()))


def _are_new(observations: pa.Table, known: Depths) -> Iterator[bool]:
    found = _depths(observations)
    for *of, depth_cm in _rows(observations):
        held = known.get(tuple(of), set())
        # Where a value has one depth, and the registry says another since, it is still the value that it was.
        is_the_same = len(held) == len(found[tuple(of)]) == 1
        yield depth_cm not in held and not is_the_same


def _depths(observations: pa.Table) -> Depths:
    """Return the depths at which there is a value, by what else tells values apart."""
    depths: Depths = {}
    for *of, depth_cm in _rows(observations):
        depths.setdefault(tuple(of), set()).add(depth_cm)
    return depths


def _rows(observations: pa.Table) -> Iterator[tuple[Any, ...]]:
    columns = (observations[name].to_pylist() for name in (*_IDENTITY, "depth_cm"))
    return zip(*columns, strict=True)


def _observed(lake: Lake, kind: TopicKind, seen: int, taken: int, tenant_id: str) -> Iterator[pa.Table]:
    """Yield the silver rows of what the redrives after `seen` up to `taken` accepted of a kind of topic."""
    ledger, overrides = ledger_files(lake.open(EVENTS), lake.path(EVENTS)), device_overrides(lake)
    standing = Standing(lake)

    def together(each: tuple[Candidate, datetime]) -> tuple[str, int, str, datetime]:
        return each[0].place.topic, each[0].place.partition, each[0].verdict, each[1]

    of_kind = (each for each in _accepted(lake, seen, taken) if kind_of(each[0].place.topic) is kind)
    accepted = sorted(of_kind, key=lambda each: (*together(each), each[0].place))
    for (topic, partition, former, decided_at), group in groupby(accepted, key=together):
        for chunk in chunks([each for each, _ in group]):
            records = rows_at(ledger, topic, partition, [each.place.offset for each in chunk])
            records = records.select(RECORD_COLUMNS)
            with Batch(steps(kind), records, tenant_id=tenant_id, ingest_time=decided_at, overrides=overrides) as batch:
                # Judged, not only observed: what a contract changed since cannot read again has no observations.
                observations = batch.judge(KNOWN_KEYS_SCHEMA.empty_table()).silver
                result_times = batch.result_times().get(partition)
            # An operation is read whole or not at all: one accepted before has its row.
            if former == "accepted" and kind is OPERATIONS:
                continue
            if former == "accepted":
                yield unseen(lake, observations)
            elif result_times is not None:
                # The stream may have accepted a copy while the redrive was judging.
                offsets = [each.place.offset for each in chunk]
                accepted_since = standing.known(ledger, (topic, partition), result_times, apart=offsets)["event_key"]
                yield observations.filter(pc.invert(pc.is_in(observations["event_key"], accepted_since)))


def _accepted(lake: Lake, seen: int, taken: int) -> list[tuple[Candidate, datetime]]:
    """Return the records that were accepted, with the verdict before and the time of the decision."""
    rows = query(
        lake,
        f"""
        select e.topic, e."partition", e."offset", coalesce(octet_length(e.raw), 0), r.former_verdict,
            r.former_reasons, r.decided_at
        from ops.redrives r join bronze.events e using (topic, "partition", "offset")
        where r.verdict = 'accepted' and r.replay_number is null
            and r.redrive_number > {seen} and r.redrive_number <= {taken}
        """,  # noqa: S608 - two whole numbers of our own
    ).rows
    return [(Candidate(Place(*row[:3]), row[3], row[4], tuple(row[5])), row[6]) for row in rows]
