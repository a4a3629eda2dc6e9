"""Judge a chunk against what the lake holds already: read from its files, or remembered by a process that goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA, Batch, Judged
from pipelines.lake.ledger import LedgerFile, known_keys
from pipelines.stream.recall import Recall


class Known(Protocol):
    """Whoever can tell copies of events that the lake holds."""

    def judge(self, batch: Batch, partition: int, own_keys: pa.Table) -> Judged:
        """Judge records of one partition; `own_keys` are those accepted before it that wait for their commit."""


@dataclass(frozen=True)
class KnownFromFiles:
    """Reads the ledger's files near each chunk; plain data that can travel."""

    files: Sequence[LedgerFile]

    def judge(self, batch: Batch, partition: int, own_keys: pa.Table) -> Judged:
        """Judge with every key of the partition around the chunk's times."""
        result_times = batch.result_times()
        if result_times is None:
            return batch.judge(own_keys)
        return batch.judge(pa.concat_tables([known_keys(self.files, partition, result_times), own_keys]))


@dataclass(frozen=True)
class KnownByHeart:
    """Judges with the keys that came last, and once more where the lake holds older ones of the same events."""

    files: Sequence[LedgerFile]
    recall: Recall

    def judge(self, batch: Batch, partition: int, own_keys: pa.Table) -> Judged:
        """Judge as `KnownFromFiles` does, to the same end."""
        recent = self.recall.recent(partition)
        known = own_keys if recent is None else pa.concat_tables([recent, own_keys])
        judged = batch.judge(known)
        events = judged.events
        if pc.any(pc.equal(pc.list_flatten(events["reasons"]), "conflict")).as_py():
            # Such a record keeps no key, and the event that it contradicts may not be the only one near it.
            return KnownFromFiles(self.files).judge(batch, partition, own_keys)
        is_event = pc.and_(pc.not_equal(events["verdict"], "quarantined"), pc.is_valid(events["result_time"]))
        older = self.recall.older(partition, events.select(KNOWN_KEYS_SCHEMA.names).filter(is_event))
        return judged if older is None or older.num_rows == 0 else batch.judge(pa.concat_tables([known, older]))
