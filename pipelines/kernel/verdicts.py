"""The verdict on each record: accepted without a word, unless there is something to explain."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.flags import Truths

EXCEPTIONS = pa.schema(
    [
        ("row_id", pa.int64()),
        ("verdict", pa.string()),
        ("reasons", pa.list_(pa.string())),
    ]
)
_VERDICTS = pa.array(["accepted", "duplicate", "quarantined"])


class Verdicts(NamedTuple):
    """One entry a record: its verdict, the reasons, and the key of the event that it is."""

    verdict: pa.DictionaryArray
    reasons: pa.Array
    event_key: pa.Array

    def is_accepted(self) -> Truths:
        """Say which records yield observations."""
        accepted: Truths = self.verdict.indices.to_numpy() == 0
        return accepted


def verdicts(exceptions: pa.Table, copies: pa.Table, event_keys: pa.Array) -> Verdicts:
    """Lay the copies, and the exceptions among all others, over what is so of every record.

    Shape: `exceptions` has row_id (a place in `event_keys`), verdict and reasons; `copies` has row_id, verdict, reason
    and the event_key that it is a copy of (null for one that contradicts its original).
    """
    count = len(event_keys)
    codes, reason_counts = np.zeros(count, np.int32), np.zeros(count + 1, np.int32)
    is_copy = np.isin(exceptions["row_id"].to_numpy(), copies["row_id"].to_numpy())
    one_each = pa.ListArray.from_arrays(
        np.arange(copies.num_rows + 1, dtype=np.int32), copies["reason"].combine_chunks()
    )
    told_of_copies = copies.select(["row_id", "verdict"]).append_column("reasons", one_each)
    told = pa.concat_tables([exceptions.filter(pa.array(~is_copy)), told_of_copies]).sort_by("row_id")
    places = told["row_id"].to_numpy()
    codes[places] = pc.index_in(told["verdict"], _VERDICTS).to_numpy()
    reason_counts[places + 1] = pc.list_value_length(told["reasons"]).to_numpy()
    reasons = pa.ListArray.from_arrays(
        pa.array(np.cumsum(reason_counts, dtype=np.int32)), pc.list_flatten(told["reasons"]).combine_chunks()
    )
    return Verdicts(pa.DictionaryArray.from_arrays(codes, _VERDICTS), reasons, _keys(event_keys, copies))


def _keys(event_keys: pa.Array, copies: pa.Table) -> pa.Array:
    if not copies.num_rows:
        return event_keys
    places = copies["row_id"].to_numpy()
    is_copy = np.zeros(len(event_keys), np.bool_)
    is_copy[places] = True
    originals = copies["event_key"].combine_chunks().take(pa.array(np.argsort(places)))
    return pc.replace_with_mask(event_keys, pa.array(is_copy), originals)
