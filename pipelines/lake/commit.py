"""Files into the log, once: the rows and the progress that they stand for in one commit."""

import errno
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction

from pipelines.contracts.tables import TableContract
from pipelines.errors import StorageFull, WriterConflict
from pipelines.lake.access import delta_table
from pipelines.lake.files import ROW_GROUP_ROWS, DataFile
from pipelines.lake.log import ACTIONS
from pipelines.lake.writer import is_in_log, last_writer, mark, signature

if TYPE_CHECKING:
    import pyarrow as pa


# A slice of a replay takes a second or so; an append takes milliseconds, and rarely meets two in a row.
_ATTEMPTS = 5


@dataclass(frozen=True)
class Progress:
    """How far one source has been read into a table: from `start` (None at the very beginning) to `next`."""

    app_id: str
    start: int | None
    next: int


def append_once(
    snapshot: DeltaTable,
    contract: TableContract,
    files: Sequence[DataFile],
    progress: Sequence[Progress],
    information: Mapping[str, str] | None = None,
) -> None:
    """Commit files and progress from the snapshot that the plan read.

    The log itself refuses a second writer: a commit made meanwhile with one of the same ids conflicts with this
    snapshot. A refreshed snapshot would hide it, so the one of the plan must be passed. Rows that others replaced
    meanwhile are in nobody's way.
    `information` stands in the log beside the commit, and who made it.

    Raises:
        WriterConflict: Another writer has moved the progress; nothing was committed.
        StorageFull: The log could not be written; nothing was committed.
    """
    noted = {**(information or {}), ACTIONS: str(len(files) + len(progress))}
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with _progressing(snapshot, contract, progress, noted) as properties:
                snapshot.create_write_transaction(
                    [_added(file) for file in files], "append", contract.arrow_schema, commit_properties=properties
                )
        except WriterConflict:
            # delta-rs (1.6.6) refuses an append where rows were deleted meanwhile, as by a replay, whichever they are.
            # From a newer snapshot only a progress that has not moved may be committed: it would not be refused there.
            snapshot = delta_table(snapshot.table_uri)
            if attempt == _ATTEMPTS or _has_moved(snapshot, progress):
                raise
        else:
            return


def replace_once(
    snapshot: DeltaTable,
    contract: TableContract,
    rows: "pa.Table",
    condition: str,
    *,
    progress: Sequence[Progress],
    information: Mapping[str, str],
) -> None:
    """Commit rows in the place of those that meet a condition, and progress, beside writers who only append others.

    Only files that may hold such rows are written again; see `alone` for who must not be at work meanwhile.

    Raises:
        WriterConflict: Rows that meet the condition came meanwhile, or the progress moved; nothing was committed.
        StorageFull: Something could not be written; nothing was committed.
    """
    with _progressing(snapshot, contract, progress, information) as properties:
        write_deltalake(
            snapshot,
            rows,
            mode="overwrite",
            predicate=condition,
            writer_properties=WriterProperties(compression="ZSTD", max_row_group_size=ROW_GROUP_ROWS),
            commit_properties=properties,
        )


def _has_moved(snapshot: DeltaTable, progress: Sequence[Progress]) -> bool:
    return any(snapshot.transaction_version(each.app_id) != each.start for each in progress)


@contextmanager
def _progressing(
    snapshot: DeltaTable, contract: TableContract, progress: Sequence[Progress], information: Mapping[str, str]
) -> Iterator[CommitProperties]:
    """Let one of two writers commit that would both move a progress on from the same state."""
    said = {**signature(), **mark(), **information}
    try:
        _require_unmoved(snapshot, contract, progress)
        yield CommitProperties(
            app_transactions=[Transaction(each.app_id, each.next) for each in progress],
            custom_metadata=said,
            max_commit_retries=15,
        )
    except CommitFailedError as cause:
        now = delta_table(snapshot.table_uri)
        # A client whose answer was lost asks again, and hears that somebody was faster: this very commit.
        if not is_in_log(now, snapshot.version(), said):
            raise _conflict(now, contract, progress) from cause
    except (OSError, DeltaError) as cause:
        no_space = os.strerror(errno.ENOSPC)
        if no_space in str(cause) or getattr(cause, "errno", None) == errno.ENOSPC:
            raise StorageFull(snapshot.table_uri, no_space) from cause
        if _is_forgotten(snapshot):
            raise _conflict(delta_table(snapshot.table_uri), contract, progress) from cause
        raise


def _require_unmoved(snapshot: DeltaTable, contract: TableContract, progress: Sequence[Progress]) -> None:
    if _has_moved(snapshot, progress):
        raise _conflict(snapshot, contract, progress)


def _is_forgotten(snapshot: DeltaTable) -> bool:
    """Say whether the log was cleaned beyond a version: what came after it can no longer be told."""
    try:
        delta_table(snapshot.table_uri, snapshot.version())
    except DeltaError:
        return True
    return False


def overwrite(
    snapshot: DeltaTable, contract: TableContract, files: Sequence[DataFile], information: Mapping[str, str]
) -> None:
    """Commit files in the place of all that the snapshot has, with `information` in the log beside them.

    Raises:
        WriterConflict: Another writer was faster; nothing was committed.
    """
    with _once(snapshot, contract, information) as properties:
        snapshot.create_write_transaction(
            [_added(file) for file in files], "overwrite", contract.arrow_schema, commit_properties=properties
        )


def replace_rows(
    snapshot: DeltaTable, contract: TableContract, rows: "pa.Table", condition: str, information: Mapping[str, str]
) -> None:
    """Commit rows in the place of those that meet a condition; only files that may hold such rows are written again.

    Raises:
        WriterConflict: Another writer was faster; nothing was committed.
    """
    with _once(snapshot, contract, information) as properties:
        write_deltalake(snapshot, rows, mode="overwrite", predicate=condition, commit_properties=properties)


@contextmanager
def _once(snapshot: DeltaTable, contract: TableContract, information: Mapping[str, str]) -> Iterator[CommitProperties]:
    """Let one of two writers that start from the same version write."""
    version, said = snapshot.version(), {**mark(), **information}
    once = Transaction(contract.name, version + 1)
    try:
        yield CommitProperties(app_transactions=[once], custom_metadata=said, max_commit_retries=0)
    except CommitFailedError as cause:
        now = delta_table(snapshot.table_uri)
        if not is_in_log(now, version, said):
            raise WriterConflict(contract.name, contract.name, version, now.version()) from cause


def _conflict(now: DeltaTable, contract: TableContract, progress: Sequence[Progress]) -> WriterConflict:
    moved = next((each for each in progress if now.transaction_version(each.app_id) != each.start), progress[0])
    recorded, holder = now.transaction_version(moved.app_id), last_writer(now, moved.app_id)
    return WriterConflict(contract.name, moved.app_id, moved.start or 0, recorded, holder)


def _added(file: DataFile) -> AddAction:
    return AddAction(
        path=file.name,
        size=file.size_bytes,
        partition_values={},
        modification_time=int(time.time() * 1000),
        data_change=True,
        stats=file.statistics,
    )
