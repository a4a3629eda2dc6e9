"""Periods drawn as lines: device, field, from, to (months of 2026; `-` is open), before and after."""

from datetime import UTC, datetime

import pytest

from pipelines.errors import DataRefused
from pipelines.reference.periods import changes, checked, in_force, merged, moved, retired


def month(text):
    return None if text == "-" else datetime(2026, int(text), 1, tzinfo=UTC)


def rows(drawn):
    found = []
    for line in filter(None, map(str.strip, drawn.split(";"))):
        device, field, start, end, *model = line.split()
        row = {"device_id": device, "field_id": field, "valid_from": month(start), "valid_to": month(end)}
        found.append(
            row
            | {"sensor_model": model[0] if model else None, "longitude_deg": None, "latitude_deg": None, "depths": None}
        )
    return found


def numbered(drawn):
    return [(f"f.csv, line {number}", row) for number, row in enumerate(rows(drawn), start=2)]


def in_order(found):
    return sorted(found, key=lambda row: (row["device_id"], row["valid_from"]))


@pytest.mark.parametrize(
    ("stands", "file", "after"),
    [
        ("", "a n 1 -", "a n 1 -"),
        ("a n 1 -", "a n 1 -", "a n 1 -"),
        ("a n 1 -", "b s 2 -", "a n 1 -; b s 2 -"),
        ("a n 1 -", "a n 1 6; a s 6 -", "a n 1 6; a s 6 -"),
        ("a n 1 -", "a n 1 6", "a n 1 6"),
        ("a n 1 6", "a n 1 -", "a n 1 6"),  # an open end in the file says nothing
        ("a n 1 6; a s 6 -", "a n 1 -", "a n 1 6; a s 6 -"),
        ("a n 3 6", "a s 1 3", "a s 1 3; a n 3 6"),
    ],
)
def test_a_file_adds_periods_and_closes_them(stands, file, after):
    assert in_order(merged(rows(stands), numbered(file))) == in_order(rows(after))


@pytest.mark.parametrize(
    ("stands", "file", "sentence"),
    [
        (
            "a n 1 -",
            "a s 1 -",
            r"line 2, column field_id\): expected n, as has stood since 2026-01-01.*got s.*--correct",
        ),
        ("a n 1 - probe", "a n 1 -", r"column sensor_model\): expected probe, .* got nothing"),
        ("a n 1 6", "a n 1 7", r"column valid_to\): expected 2026-06-01T00:00:00Z, .* got 2026-07-01"),
        (
            "a n 1 -",
            "a s 6 -",
            r"line 2, column valid_from\): .*device a, which stands in n without end.*reference move a",
        ),
        ("a n 1 6", "a s 5 -", r"line 2, column valid_from\): .* which stands in n until 2026-06-01"),
        ("", "a n 1 -; b n 1 -; a s 3 -", r"line 4, column valid_from\): expected one place at a time"),
        ("", "a n 1 -; a n 1 -", r"line 3, column valid_from\): expected one place at a time"),
    ],
)
def test_a_file_rewrites_no_history(stands, file, sentence):
    with pytest.raises(DataRefused, match=sentence):
        merged(rows(stands), numbered(file))


def test_periods_may_touch():
    assert len(checked(numbered("a n 1 3; a s 3 -"))) == 2


@pytest.mark.parametrize(
    ("stands", "after"),
    [
        ("a n 1 - probe", "a n 1 6 probe; a s 6 - probe"),
        ("a n 1 3 probe", "a n 1 3 probe; a s 6 - probe"),  # it was in the shed meanwhile
        ("a n 1 6; a s 6 -", "a n 1 6; a s 6 -"),
        ("a s 1 -", "a s 1 -"),
        ("b n 1 -; a n 1 -", "b n 1 -; a n 1 6; a s 6 -"),
    ],
)
def test_a_device_moved_in_june_stood_in_may_where_it_stood(stands, after):
    found = moved(rows(stands), "a", month("6"), {"field_id": "s"})
    assert in_order(found) == in_order(rows(after))
    assert moved(found, "a", month("6"), {"field_id": "s"}) == found


def test_within_a_field_a_device_may_be_buried_anew():
    depths = [{"channel": None, "depth_cm": 40.0}]
    found = moved(rows("a n 1 -"), "a", month("6"), {"field_id": "n", "depths": depths})
    assert [(row["valid_from"], row["depths"]) for row in found] == [(month("1"), None), (month("6"), depths)]


@pytest.mark.parametrize(
    ("stands", "sentence"),
    [
        (
            "a n 6 -",
            r"--from\): expected a time after device a last moved, got 2026-06-01T00:00:00Z, within a period of n",
        ),
        ("a n 1 7", r"--from\): .* within a period of n from 2026-01-01"),
        ("ab n 1 -", r"DEVICE\): expected one of the devices, perhaps ab, got 'a'"),
        ("", r"DEVICE\): expected one of the devices, of which there are none yet"),
    ],
)
def test_a_move_into_the_past_or_of_nothing_is_refused(stands, sentence):
    with pytest.raises(DataRefused, match=sentence):
        moved(rows(stands), "a", month("6"), {"field_id": "s"})


def test_a_device_is_retired_once():
    found = retired(rows("a n 1 -; b n 1 -"), "a", month("6"))
    assert in_order(found) == rows("a n 1 6; b n 1 -")
    assert retired(found, "a", month("6")) == found
    with pytest.raises(DataRefused, match="expected one that stands somewhere, got retired at 2026-06-01"):
        retired(found, "a", month("7"))
    with pytest.raises(DataRefused, match="expected a time after 2026-01-01T00:00:00Z, when device b came"):
        retired(found, "b", month("1"))


@pytest.mark.parametrize(("at", "fields"), [("1", ["n"]), ("5", ["n"]), ("6", ["s"]), ("12", ["s"])])
def test_a_period_holds_from_its_start_until_before_its_end(at, fields):
    assert [row["field_id"] for row in in_force(rows("a n 1 6; a s 6 -"), month(at))] == fields


def test_changes_say_what_becomes_of_each_row():
    before, after = rows("a n 1 -; b n 1 -; c n 1 -; d n 1 -"), rows("a n 1 6; b s 1 -; d n 1 -; e n 2 -")
    found = changes("reference.devices", ("device_id", "valid_from"), before, after)
    assert [(each.row, each.change, each.columns) for each in found] == [
        ("a from 2026-01-01T00:00:00Z", "closed", ("valid_to",)),
        ("b from 2026-01-01T00:00:00Z", "changed", ("field_id",)),
        ("c from 2026-01-01T00:00:00Z", "removed", ()),
        ("e from 2026-02-01T00:00:00Z", "added", ()),
    ]
