"""SVG for a page: its colours, its fonts, nothing from elsewhere, the same bytes each time."""

import re

import matplotlib as mpl
from matplotlib.axes import Axes

from pipelines.report.canvas import svg


def paint(axes: list[Axes]) -> None:
    axes[0].plot([1, 2, 3], [1, 4, 9], marker="o", color="#0072b2")
    axes[0].set_title("a < b & c")


def test_the_same_drawing_gives_the_same_bytes_whatever_the_reader_s_settings() -> None:
    first = svg("one", "squares", paint, heights=(1,), height_in=2)
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.fonttype": "path"}):
        assert svg("one", "squares", paint, heights=(1,), height_in=2) == first


def test_svg_takes_colours_and_fonts_from_the_page() -> None:
    drawn = svg("one", 'what is "seen"', paint, heights=(1,), height_in=2)
    assert "var(--blue)" in drawn
    assert re.findall(r"#[0-9a-f]{6}", drawn) == []
    assert "font-family" not in drawn
    assert "http" not in drawn
    assert "a &lt; b &amp; c" in drawn
    assert drawn.startswith('<svg role="img" aria-label="what is &quot;seen&quot;" viewBox="0 0 345.6 144">')


def test_ids_of_two_figures_differ() -> None:
    one, two = (svg(name, "", paint, heights=(1,), height_in=2) for name in ("one", "two"))
    found = [set(re.findall(r' id="([^"]+)"', drawn)) for drawn in (one, two)]
    assert found[0]
    assert not found[0] & found[1]
    assert set(re.findall(r'(?:url\(|href=")#([^")]+)', one)) == found[0]


def test_coordinates_are_shortened_and_labels_are_not() -> None:
    def label(axes: list[Axes]) -> None:
        axes[0].plot([0, 1], [0.325, 0.375])
        axes[0].set_yticks([0.325, 0.375], ["0.325", "0.375"])

    drawn = svg("one", "", label, heights=(1,), height_in=2)
    assert re.findall(r">(0\.3\d+)<", drawn) == ["0.325", "0.375"]
    assert [tag for tag in re.findall(r"<[^>]*>", drawn) if re.search(r"\d\.\d{3}", tag)] == []
