"""What came from data is text, wherever it is put."""

import pytest

from pipelines.report.markup import Markup, Number, count, element, joined, table

HOSTILE = '<script>alert("x")</script>'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (element("p", "a < b & c"), "<p>a &lt; b &amp; c</p>"),
        (element("p", Markup("<b>a</b>")), "<p><b>a</b></p>"),
        (element("p", "x", class_='"><i>'), '<p class="&quot;&gt;&lt;i&gt;">x</p>'),
        (joined(["<", Markup("<br>")]), "&lt;<br>"),
        (count(1, "day"), "1 day"),
        (count(1234, "day"), "1,234 days"),
    ],
)
def test_markup(written: str, expected: str) -> None:
    assert written == expected


def test_a_table_escapes_and_sets_numbers_to_the_right() -> None:
    written = table([HOSTILE, "rows", "share"], [(HOSTILE, 1234, Number("+5 %"))])
    assert "<script>" not in written
    assert '<td class="number">1,234</td><td class="number">+5 %</td>' in written
    assert '<th class="number">rows</th>' in written
