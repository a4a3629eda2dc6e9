"""The events whose identity occurs more than once, in a batch or in the lake: the only ones that can be copies."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernel.copies import COPIES_SCHEMA, IDENTITY_LENGTH, SAME_EVENT_WITHIN, Candidate, Known
from pipelines.kernel.flags import Truths

_WORDS, _IDENTITY_WORDS = 4, IDENTITY_LENGTH // 8
_NOBODY = np.empty((0, _IDENTITY_WORDS), np.uint64)
# Odd numbers without a pattern (the digits of pi), so that words that are swapped do not meet.
_FACTORS = np.array([0x243F6A8885A308D3, 0x13198A2E03707345, 0xA4093822299F31D1], np.uint64)
_WITHIN_US = SAME_EVENT_WITHIN.total_seconds() * 1e6

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.uint64]


class Repeats(NamedTuple):
    """What the repeats are: `plain` are copies beyond doubt (`COPIES_SCHEMA`), the rest is to compare one by one."""

    plain: pa.Table
    candidates: list[Candidate]
    known: list[Known]


def repeats(found: pa.Table, known_events: pa.Table) -> Repeats:
    """Find what occurs more than once.

    Shape: `found` has row_id (ascending), partition, event_key (null where there is no event), result_time and
    body_digest; `known_events` the last four.
    """
    events = found.select(["row_id", *Candidate._fields[1:]]).filter(found["event_key"].is_valid())
    own, known = identity_numbers(events["event_key"]), identity_numbers(known_events["event_key"])
    _, groups, counts = np.unique(own, return_inverse=True, return_counts=True)
    is_known, is_met = _shared(own, known)
    is_repeated = (counts[groups] > 1) | is_known
    repeated = events.filter(pa.array(is_repeated)).combine_chunks()
    groups, is_known = groups[is_repeated], is_known[is_repeated]
    first, is_plain = _plain(repeated, groups, is_known)
    rest = repeated.filter(pa.array(~is_plain))
    same = known_events.select(Known._fields).filter(pa.array(is_met)).sort_by("result_time")
    return Repeats(
        _copies_of_the_first(repeated, first, is_plain),
        [Candidate(*row) for row in zip(*(column.to_pylist() for column in rest.columns), strict=True)],
        [Known(*row) for row in zip(*(column.to_pylist() for column in same.columns), strict=True)],
    )


def identity_numbers(event_keys: pa.ChunkedArray) -> Numbers:
    """Return a number an event key: equal for equal identities, and hardly ever for others."""
    numbers: Numbers = _identities(event_keys) @ _FACTORS
    return numbers


def _shared(own: Numbers, known: Numbers) -> tuple[Truths, Truths]:
    """Return which of each are among the other. Many may be known: each of those is looked up once, and that is all."""
    is_met: Truths = pc.is_in(pa.array(known), pa.array(own)).to_numpy(zero_copy_only=False)
    is_known: Truths = pc.is_in(pa.array(own), pa.array(known[is_met])).to_numpy(zero_copy_only=False)
    return is_known, is_met


def _plain(events: pa.Table, groups: npt.NDArray[np.intp], is_known: Truths) -> tuple[npt.NDArray[np.intp], Truths]:
    """Return the place of each event's group's first, and whether all of the group are copies of it beyond doubt."""
    _, firsts, places = np.unique(groups, return_index=True, return_inverse=True)
    first = firsts[places]
    times_us = pc.cast(events["result_time"], pa.int64()).to_numpy()
    partitions = events["partition"].to_numpy()
    identities = _identities(events["event_key"])
    is_same_body = pc.equal(events["body_digest"], events["body_digest"].take(pa.array(first)))
    is_like_first = (
        (identities == identities[first]).all(axis=1)
        & (partitions == partitions[first])
        & (np.abs(times_us - times_us[first]) < _WITHIN_US)
        & is_same_body.to_numpy(zero_copy_only=False)
        & ~is_known
    )
    is_plain: Truths = np.bincount(places, weights=~is_like_first, minlength=len(firsts))[places] == 0
    return first, is_plain


def _copies_of_the_first(events: pa.Table, first: npt.NDArray[np.intp], is_plain: Truths) -> pa.Table:
    is_copy = is_plain & (first != np.arange(len(first)))
    count = int(is_copy.sum())
    keys = events["event_key"].take(pa.array(first[is_copy]))
    row_ids = events["row_id"].filter(pa.array(is_copy))
    said = [pa.repeat("duplicate", count), pa.repeat("repeated_in_batch", count)]
    return pa.Table.from_arrays([row_ids, *said, keys], schema=COPIES_SCHEMA)


def _identities(event_keys: pa.ChunkedArray) -> Words:
    """Return the part of each key that is its identity, as numbers. Shape: (keys, 3)."""
    return np.concatenate([_NOBODY, *(_words(chunk)[:, :_IDENTITY_WORDS] for chunk in event_keys.chunks)])


def _words(event_keys: pa.StringArray) -> Words:
    """Read keys where they lie. Shape: (keys, 4)."""
    _, places, texts = event_keys.buffers()
    bounds = np.frombuffer(places, np.int32)[event_keys.offset :][: len(event_keys) + 1]
    return np.frombuffer(texts, np.uint8)[bounds[0] : bounds[-1]].view(np.uint64).reshape(-1, _WORDS)
