"""Line and column of values, counted by hand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reference.json_places import place

TEXT = """{
  "type": "X", "a:{": [1,
    {"b": -2.5e3}, []],
  "last": null}"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ((), 1, 1),
        (("type",), 2, 11),
        (("a:{",), 2, 23),
        (("a:{", 0), 2, 24),
        (("a:{", 1), 3, 5),
        (("a:{", 1, "b"), 3, 11),
        (("a:{", 2), 3, 20),
        (("last",), 4, 11),
        (("a:{", 1, "absent"), 3, 5),
        (("absent",), 1, 1),
        (("a:{", 2, 0), 3, 20),
    ],
)
def test_a_value_is_found_by_its_path(path, line, column):
    assert place(TEXT, path) == (line, column)


def test_of_a_name_that_stands_twice_the_last_counts():
    assert place('{"a": 1,\n"a": 2}', ("a",)) == (2, 6)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)


def paths(value, path=()):
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from paths(each, (*path, name))


@given(values)
def test_what_stands_at_the_place_is_the_value(value):
    text = json.dumps(value, indent=1)
    lines = text.split("\n")
    for path, inner in paths(value):
        line, column = place(text, path)
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == inner
