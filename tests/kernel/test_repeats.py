"""The quick way finds the same copies as comparing every event with every other."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernel import repeats as repeats_module
from pipelines.kernel.batch import KNOWN_KEYS_SCHEMA
from pipelines.kernel.copies import COPIES_SCHEMA, Candidate, Known, copies
from pipelines.kernel.repeats import repeats

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FOUND_SCHEMA = pa.schema([("row_id", pa.int64()), *((field.name, field.type) for field in KNOWN_KEYS_SCHEMA)])


def key(identity, minutes):
    """As the kernel writes it: 24 digits for device, session and counter, 8 for the hour."""
    return f"{identity * 24}{500_000 + minutes // 60:08x}"


def known(*events):
    """Events as (identity, minutes, body, partition)."""
    rows = [
        (partition, key(identity, minutes), NOON + timedelta(minutes=minutes), body)
        for identity, minutes, body, partition in events
    ]
    return pa.Table.from_pylist(
        [dict(zip(KNOWN_KEYS_SCHEMA.names, row, strict=True)) for row in rows], schema=KNOWN_KEYS_SCHEMA
    )


def found(*events):
    """Events as (identity, minutes, body, partition); None for a record that is none."""
    rows = []
    for row_id, event in enumerate(events):
        identity, minutes, body, partition = event or (None, 0, None, 0)
        event_key = None if event is None else key(identity, minutes)
        rows.append((row_id, partition, event_key, NOON + timedelta(minutes=minutes), body))
    return pa.Table.from_pylist([dict(zip(FOUND_SCHEMA.names, row, strict=True)) for row in rows], schema=FOUND_SCHEMA)


def told(table):
    return sorted(tuple(row.values()) for row in table.to_pylist())


def the_slow_way(events, known_events):
    candidates = [Candidate(*row.values()) for row in events.to_pylist() if row["event_key"]]
    same = [Known(*row.values()) for row in known_events.sort_by("result_time").to_pylist()]
    return told(copies(candidates, same))


def the_quick_way(events, known_events):
    plain, candidates, same = repeats(events, known_events)
    assert plain.schema == COPIES_SCHEMA
    return told(pa.concat_tables([plain, copies(candidates, same)]))


# events of a batch, events of the lake, rows that are plain copies, rows to compare one by one
CASES = {
    "nothing": ([], [], [], []),
    "no event": ([None, None], [], [], []),
    "each once": ([("a", 0, "x", 0), ("b", 0, "x", 0), None], [], [], []),
    "each once beside a lake of others": ([("a", 0, "x", 0)], [("b", 0, "x", 0)], [], []),
    "copies": ([("a", 0, "x", 0), None, ("b", 0, "x", 0), ("a", 9, "x", 0), ("a", 59, "x", 0)], [], [3, 4], []),
    "the hour is over": ([("a", 0, "x", 0), ("a", 60, "x", 0)], [], [], [0, 1]),
    "one of three is another's": ([("a", 0, "x", 0), ("a", 1, "x", 0), ("a", 2, "y", 0)], [], [], [0, 1, 2]),
    "another partition": ([("a", 0, "x", 0), ("a", 0, "x", 1)], [], [], [0, 1]),
    "known": ([("a", 0, "x", 0), ("b", 0, "x", 0)], [("a", 1, "x", 0)], [], [0]),
    "known in another partition": ([("a", 0, "x", 0), ("b", 0, "x", 0)], [("a", 1, "x", 1)], [], [0]),
    "known and again": ([("a", 0, "x", 0), ("a", 1, "x", 0)], [("a", 1, "x", 0)], [], [0, 1]),
    "known, but long ago": ([("a", 0, "x", 0), ("a", 1, "x", 0)], [("a", -600, "x", 0)], [], [0, 1]),
    "one group does not delay another": (
        [("a", 0, "x", 0), ("b", 0, "x", 0), ("a", 0, "y", 0), ("b", 0, "x", 0)], [], [3], [0, 2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_only_what_is_in_doubt_is_compared_one_by_one(case):
    events, lake, plain, doubtful = CASES[case]
    result = repeats(found(*events), known(*lake))
    assert sorted(result.plain["row_id"].to_pylist()) == plain
    assert [each.row_id for each in result.candidates] == doubtful
    assert the_quick_way(found(*events), known(*lake)) == the_slow_way(found(*events), known(*lake))


def test_a_copy_has_the_key_of_its_event_though_its_own_hour_is_another():
    (row,) = repeats(found(("a", 59, "x", 0), ("a", 60, "x", 0)), known()).plain.to_pylist()
    assert row == {"row_id": 1, "verdict": "duplicate", "reason": "repeated_in_batch", "event_key": key("a", 59)}


EVENTS = st.lists(
    st.none()
    | st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1, 30, 59, 60, 61, 119, -59]), st.sampled_from("xy"),
                st.sampled_from([0, 0, 0, 1])),
    max_size=14,
)  # fmt: skip
LAKE = st.lists(
    st.tuples(st.sampled_from("abd"), st.sampled_from([-61, -59, 0, 30, 60, 900]), st.sampled_from("xy"),
              st.sampled_from([0, 0, 1])),
    max_size=4,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(EVENTS, LAKE)
def test_both_ways_agree(events, lake):
    assert the_quick_way(found(*events), known(*lake)) == the_slow_way(found(*events), known(*lake))


@settings(max_examples=100, deadline=None)
@given(EVENTS, LAKE)
def test_both_ways_agree_where_different_events_have_one_number(events, lake):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeats_module, "_FACTORS", np.zeros(3, np.uint64))
        assert the_quick_way(found(*events), known(*lake)) == the_slow_way(found(*events), known(*lake))


@settings(max_examples=50, deadline=None)
@given(EVENTS, LAKE, st.integers(1, 5))
def test_tables_in_pieces_are_read_as_whole_ones(events, lake, size):
    pieces = pa.Table.from_batches(found(*events).to_batches(max_chunksize=size), schema=FOUND_SCHEMA)
    # A slice does not begin where its memory begins.
    beside = pa.concat_tables([known(("c", 0, "y", 0)), known(*lake)]).combine_chunks().slice(1)
    assert the_quick_way(pieces, beside) == the_slow_way(found(*events), known(*lake))


def test_words_that_are_swapped_are_no_repeat():
    rows = found(("a", 0, "x", 0), ("a", 0, "x", 0)).to_pylist()
    rows[0]["event_key"], rows[1]["event_key"] = ("1" * 8 + "2" * 8 + "3" * 16), ("2" * 8 + "1" * 8 + "3" * 16)
    result = repeats(pa.Table.from_pylist(rows, schema=FOUND_SCHEMA), known())
    assert (result.plain.num_rows, result.candidates) == (0, [])
