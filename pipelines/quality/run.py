"""A run of the tests over what is new in silver.observations: rows of silver.flags for whatever they change.

What stands in silver.flags after a run is a function of silver's rows, the registry and the contract alone: every
series is judged anew as far around what changed as any test looks, and what comes out is held against the flags that
stood. Only differences are written, in one commit with the run's number as transaction id: of two runs at once the
second is refused. A crash between that commit and the row of ops.flag_runs is made good by the next run, which judges
the same once more and finds no difference.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from deltalake import DeltaTable

from pipelines import failpoints
from pipelines.contracts.quality import quality, quality_digest
from pipelines.contracts.tables import table
from pipelines.lake.access import connected
from pipelines.lake.commit import Progress, append_once
from pipelines.lake.files import FileWriter
from pipelines.lake.flagged import FLAGS, NEVER, OBSERVATIONS, RUNS, last_run
from pipelines.lake.tables import Lake
from pipelines.quality.touched import Versions, versions
from pipelines.quality.work import Work

APP_ID = "flags"

_log = logging.getLogger("fieldstream")


@dataclass(frozen=True)
class FlagRun:
    """What a run looked at, and what it changed."""

    flag_run: int
    from_version: int
    """Version of silver.observations after which rows were new; -1 where all were looked at."""
    to_version: int
    row_count: int
    """Rows looked at, those around what is new included."""
    flags_given: dict[str, int]
    """New rows of silver.flags with flag 3 or 4, by reason."""
    flags_withdrawn: int


def run(lake: Lake, decided_at: datetime) -> FlagRun:
    """Judge what is new, and write what that changes; without news write nothing.

    Raises:
        DataRefused: There are no observations yet.
        WriterConflict: Another run is at work; nothing was committed.
    """
    lake.open(OBSERVATIONS)
    now, last = versions(lake), last_run(lake)
    since = None
    if last and last["contract_digest"] == quality_digest():
        since = Versions(last["to_version"], last["devices_version"], last["fields_version"])
    if last and since == now:
        return FlagRun(last["flag_run"], now.observations, now.observations, 0, {}, 0)
    flags = lake.create(FLAGS)
    number = max(flags.transaction_version(APP_ID) or 0, last["flag_run"] if last else 0) + 1
    done = _judged(lake, flags, since, now, number)
    failpoints.reach(failpoints.Seam.FLAGS_COMMITTED)
    _record(lake, done, now, decided_at)
    return done


def _judged(lake: Lake, flags: DeltaTable, since: Versions | None, now: Versions, number: int) -> FlagRun:
    count, given, withdrawn = 0, Counter[str](), 0
    with connected(lake.root) as connection, FileWriter(lake.path(FLAGS)) as writer:
        work = Work(connection, lake, flags, since=since, now=now, quality=quality())
        for row_count, differences in work.differences():
            writer.write(_rows(differences, number, now.observations))
            is_given = [flag > 1 for flag in differences["flag"].to_pylist()]
            given.update(
                reason for reason, is_so in zip(differences["reason"].to_pylist(), is_given, strict=True) if is_so
            )
            withdrawn += len(is_given) - sum(is_given)
            count += row_count
        file = writer.finish()
    failpoints.reach(failpoints.Seam.FLAGS_WRITTEN)
    recorded = flags.transaction_version(APP_ID)
    append_once(flags, table(FLAGS), [file] if file else [], [Progress(APP_ID, recorded, number)])
    from_version = NEVER if since is None or work.is_everything else since.observations
    return FlagRun(number, from_version, now.observations, count, dict(sorted(given.items())), withdrawn)


def _rows(differences: pa.Table, number: int, silver_version: int) -> pa.Table:
    contract = table(FLAGS)
    constants = {"flag_run": number, "silver_version": silver_version, "contract_digest": quality_digest()}
    for name, constant in constants.items():
        same = pa.repeat(pa.scalar(constant, contract.arrow_schema.field(name).type), differences.num_rows)
        differences = differences.append_column(name, same)
    return differences.select(contract.column_names).cast(contract.arrow_schema)


def _record(lake: Lake, done: FlagRun, now: Versions, decided_at: datetime) -> None:
    row = {
        "flag_run": done.flag_run,
        "from_version": done.from_version,
        "to_version": done.to_version,
        "devices_version": now.devices,
        "fields_version": now.fields,
        "contract_digest": quality_digest(),
        "row_count": done.row_count,
        "flags_given": sum(done.flags_given.values()),
        "flags_withdrawn": done.flags_withdrawn,
        "decided_at": decided_at,
    }
    lake.append(RUNS, [row])
    _log.info("looked at %d observations: %d flags given", done.row_count, row["flags_given"])
