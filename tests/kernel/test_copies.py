"""Which records are copies of an event, which contradict it, and which only share its counter."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.kernel.copies import IDENTITY_LENGTH, Candidate, Known, copies

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SAME = "a" * IDENTITY_LENGTH


def candidate(row_id, minutes, body="x", partition=0, identity=SAME):
    return Candidate(row_id, partition, f"{identity}{row_id:08x}", NOON + timedelta(minutes=minutes), body)


def judged(candidates, known=()):
    return {row["row_id"]: (row["verdict"], row["reason"]) for row in copies(candidates, known).to_pylist()}


COPY, CONFLICT = ("duplicate", "repeated_in_batch"), ("quarantined", "conflict")


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [
        (candidate(1, 59), candidate(2, 60), {1: COPY}),  # the third is a copy of nothing that was accepted
        (candidate(1, -59), candidate(2, 59), {1: COPY, 2: COPY}),
        (candidate(1, 60), candidate(2, 119), {2: COPY}),
        (candidate(1, 30, "y"), candidate(2, 30), {1: CONFLICT, 2: COPY}),
        (candidate(1, 30, "y"), candidate(2, 30, "y"), {1: CONFLICT, 2: CONFLICT}),
        (candidate(1, 0, partition=1), candidate(2, 0, identity="b" * IDENTITY_LENGTH), {}),
    ],
)
def test_an_event_is_known_for_an_hour(second, third, expected):
    assert judged([candidate(0, 0), second, third]) == expected


def test_the_lake_is_asked_first_and_gives_its_key():
    known = Known(0, SAME + "f" * 8, NOON, "x")
    (row,) = copies([candidate(0, 10)], [known]).to_pylist()
    assert row == {"row_id": 0, "verdict": "duplicate", "reason": "known_to_the_lake", "event_key": known.event_key}
    assert judged([candidate(0, 10, "y")], [known]) == {0: CONFLICT}
    assert judged([candidate(0, 61)], [known]) == {}


def test_no_candidates_no_copies():
    assert copies([], []).num_rows == 0
