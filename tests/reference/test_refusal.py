"""What a person is told of a wrong value."""

import pytest

from pipelines.reference.refusal import one_of, refused


@pytest.mark.parametrize(
    ("known", "got", "said"),
    [
        (["north", "north-2", "east"], "nort", "one of the fields, perhaps north or north-2"),
        (["north", "east"], "NORTH", "one of the fields, perhaps north"),
        (["north", "east"], "xyz", "one of the fields east, north"),
        ([], "x", "one of the fields, of which there are none yet"),
    ],
)
def test_close_names_are_offered_and_else_all(known, got, said):
    assert one_of("fields", known, got) == said


def test_a_refusal_is_one_sentence_with_its_place():
    assert str(refused("f.csv, line 2", "a", "b")) == (
        "Reference data cannot be used (f.csv, line 2): expected a, got b. Correct the file. Nothing was written."
    )
