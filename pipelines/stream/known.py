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

    def judge(self, batch: Batch, own_keys: pa.Table) -> Judged:
        """Judge records; `own_keys` are those accepted before them that wait for their commit."""


@dataclass(frozen=True)
class KnownFromFiles:
    """Reads the ledger's files near each chunk; plain data that can travel."""

    files: Sequence[LedgerFile]

    def judge(self, batch: Batch, own_keys: pa.Table) -> Judged:
        """Judge with every key of each partition around the times of its records."""
        near = [known_keys(self.files, [partition], times) for partition, times in batch.result_times().items()]
        return batch.judge(pa.concat_tables([*near, own_keys]))


@dataclass(frozen=True)
class KnownByHeart:
    """Judges with the keys that came last, and once more where the lake holds older ones of the same events."""

    files: Sequence[LedgerFile]
    recall: Recall

    def judge(self, batch: Batch, own_keys: pa.Table) -> Judged:
        """Judge as `KnownFromFiles` does, to the same end."""
        known = pa.concat_tables([self.recall.recent, own_keys])
        judged = batch.judge(known)
        events = judged.events
        if pc.any(pc.equal(pc.list_flatten(events["reasons"]), "conflict")).as_py():
            # Such a record keeps no key, and the event that it contradicts may not be the only one near it.
            return KnownFromFiles(self.files).judge(batch, own_keys)
        is_event = pc.and_(pc.not_equal(events["verdict"], "quarantined"), pc.is_valid(events["result_time"]))
        older = self.recall.older(events.select(KNOWN_KEYS_SCHEMA.names).filter(is_event))
        return judged if older is None or older.num_rows == 0 else batch.judge(pa.concat_tables([known, older]))
