"""Who has the last word on a record: a copy over an exception, an exception over silence."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernel.copies import COPIES_SCHEMA
from pipelines.kernel.verdicts import EXCEPTIONS, verdicts

KEYS = ["k0", "k1", "k2", None]


def told(exceptions=(), copies=(), keys=KEYS):
    found = verdicts(table(exceptions, EXCEPTIONS), table(copies, COPIES_SCHEMA), pa.array(keys, pa.string()))
    lists = zip(found.verdict.to_pylist(), found.reasons.to_pylist(), found.event_key.to_pylist(), strict=True)
    assert found.is_accepted().tolist() == [verdict == "accepted" for verdict in found.verdict.to_pylist()]
    return list(lists)


def table(rows, schema):
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


SILENT = [("accepted", [], key) for key in KEYS]


@pytest.mark.parametrize(
    ("exceptions", "copies", "row", "expected"),
    [
        ([], [], 0, ("accepted", [], "k0")),
        ([(3, "quarantined", ["no_time"])], [], 3, ("quarantined", ["no_time"], None)),
        ([(1, "accepted", ["unknown_key:a", "unknown_key:b"])], [], 1,
         ("accepted", ["unknown_key:a", "unknown_key:b"], "k1")),
        ([], [(2, "duplicate", "repeated_in_batch", "k0")], 2, ("duplicate", ["repeated_in_batch"], "k0")),
        ([], [(2, "quarantined", "conflict", None)], 2, ("quarantined", ["conflict"], None)),
        # what was not understood of a copy was said of its event
        ([(1, "accepted", ["unknown_key:a"])], [(1, "duplicate", "repeated_in_batch", "k0")], 1,
         ("duplicate", ["repeated_in_batch"], "k0")),
    ],
)  # fmt: skip
def test_a_record_has_one_verdict_and_no_other_record_changes(exceptions, copies, row, expected):
    assert told(exceptions, copies) == [*SILENT[:row], expected, *SILENT[row + 1 :]]


def test_copies_may_come_in_any_order():
    copies = [(2, "duplicate", "known_to_the_lake", "far"), (0, "quarantined", "conflict", None),
              (1, "duplicate", "repeated_in_batch", "k0")]  # fmt: skip
    expected = [
        ("quarantined", ["conflict"], None),
        ("duplicate", ["repeated_in_batch"], "k0"),
        ("duplicate", ["known_to_the_lake"], "far"),
        SILENT[3],
    ]
    assert told(copies=copies) == told(copies=copies[::-1]) == expected


def test_no_records_no_verdicts():
    assert told(keys=[]) == []


EXCEPTION = st.tuples(st.sampled_from(["accepted", "quarantined"]), st.lists(st.sampled_from("rst"), min_size=1))
COPY = st.sampled_from(["known_to_the_lake", "repeated_in_batch"])


@given(st.lists(st.tuples(st.none() | EXCEPTION, st.none() | COPY), max_size=12), st.randoms())
def test_every_record_has_what_was_said_of_it_last(said, chance):
    exceptions = [(row, *exception) for row, (exception, _) in enumerate(said) if exception]
    copies = [(row, "duplicate", reason, f"original {row}") for row, (_, reason) in enumerate(said) if reason]
    chance.shuffle(copies)
    keys = [f"k{row}" for row in range(len(said))]
    expected = [
        ("duplicate", [reason], f"original {row}") if reason else (*(exception or ("accepted", [])), keys[row])
        for row, (exception, reason) in enumerate(said)
    ]
    assert told(exceptions, copies, keys) == expected
