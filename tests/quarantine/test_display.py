"""What strangers sent, as lines that no terminal obeys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.quarantine.display import MOST_BYTES, escaped, kind_of, lines


@pytest.mark.parametrize(
    ("content", "kind", "shown"),
    [
        (b"", "empty", []),
        (b'{"a": 1}', "text", ['{"a": 1}']),
        (b"{\n\t1}", "text", ["{", "\\t1}"]),
        (b"\x1b]0;owned\x07ok", "text", ["\\x1b]0;owned\\x07ok"]),
        (b"a\x00b\r", "text", ["a\\x00b\\r"]),
        ("Schnee: 雪 \u202egnp".encode(), "text", ["Schnee: 雪 \\u202egnp"]),
        (b"a\\x1b", "text", ["a\\\\x1b"]),
        (b"\xff\xfe\x1b[2J", "binary", ["00000000  ff fe 1b 5b 32 4a                                ...[2J"]),
        (bytes(range(18)), "binary", [
            "00000000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................",
            "00000010  10 11                                            ..",
        ]),
    ],
)  # fmt: skip
def test_content_is_shown_as_what_it_is(content, kind, shown):
    assert (kind_of(content), lines(content)) == (kind, shown)


@pytest.mark.parametrize("content", [b"x" * 10_000_000, b"\xff" * 10_000_000, "雪".encode() * 3_000_000])
def test_ten_megabytes_are_cut_and_the_rest_is_counted(content):
    *shown, last = lines(content)
    assert last == f"... {len(content) - MOST_BYTES} more bytes"
    assert sum(map(len, shown)) < 25_000


def test_a_character_cut_in_two_is_still_text():
    content = b"x" * (MOST_BYTES - 1) + "雪".encode() + b"y" * 10
    assert kind_of(content) == "text"


@given(st.binary(max_size=200))
def test_no_line_holds_a_character_that_is_not_printable(content):
    assert all(line.isprintable() for line in lines(content))


@given(st.text(max_size=50), st.text(max_size=50))
def test_two_texts_are_never_shown_alike(one, other):
    assert (escaped(one) == escaped(other)) == (one == other)
