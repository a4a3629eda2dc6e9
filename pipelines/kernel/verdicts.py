"""The verdict on each record: accepted without a word, unless there is something to explain."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.flags import Truths

EXCEPTIONS = pa.schema(
    [
        ("row_id", pa.int64()),
        ("event_key", pa.string()),
        ("verdict", pa.string()),
        ("reasons", pa.list_(pa.string())),
    ]
)
_VERDICTS = pa.array(["accepted", "duplicate", "quarantined"])


class Verdicts(NamedTuple):
    """One entry a record: its verdict, the reasons, and the key of the event that it is."""

    verdict: pa.Array
    reasons: pa.Array
    event_key: pa.Array

    def is_accepted(self) -> Truths:
        """Say which records yield observations."""
        accepted: Truths = pc.equal(self.verdict, "accepted").to_numpy(zero_copy_only=False)
        return accepted


def verdicts(exceptions: pa.Table, event_keys: pa.Array) -> Verdicts:
    """Lay the exceptions over what is so of every record.

    Shape: `exceptions` has row_id (ascending; a place in `event_keys`), verdict, reasons and event_key (a copy's; null
    where the record keeps its own).
    """
    if not exceptions.num_rows:
        nothing = pa.ListArray.from_arrays(np.zeros(len(event_keys) + 1, np.int32), pa.array([], pa.string()))
        return Verdicts(pa.repeat(pa.scalar("accepted"), len(event_keys)), nothing, event_keys)
    places = exceptions["row_id"].to_numpy()
    codes = np.zeros(len(event_keys), np.int8)
    codes[places] = pc.index_in(exceptions["verdict"], _VERDICTS).to_numpy()
    counts = np.zeros(len(event_keys) + 1, np.int32)
    counts[places + 1] = pc.list_value_length(exceptions["reasons"]).to_numpy()
    said = pc.list_flatten(exceptions["reasons"]).combine_chunks()
    reasons = pa.ListArray.from_arrays(pa.array(np.cumsum(counts, dtype=np.int32)), said)
    is_exception = np.zeros(len(event_keys), np.bool_)
    is_exception[places] = True
    own = event_keys.take(exceptions["row_id"]).combine_chunks()
    has_own = pc.equal(exceptions["verdict"], "accepted").combine_chunks()
    keys = pc.if_else(has_own, own, exceptions["event_key"].combine_chunks())
    return Verdicts(
        _VERDICTS.take(pa.array(codes)), reasons, pc.replace_with_mask(event_keys, pa.array(is_exception), keys)
    )
