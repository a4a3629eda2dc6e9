"""Matplotlib figures as inline SVG that takes its colours from the page, or as PNG."""

import io
import re
from collections.abc import Callable
from pathlib import Path

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from pipelines.report.markup import Markup, text

# Okabe and Ito's palette, told apart by colour-blind readers too. In SVG each becomes a CSS variable of its
# name, so that the page's dark mode recolours the plots; style.css holds the same values.
COLOURS = {
    "ink": "#24292f",
    "soft": "#6e7781",
    "grid": "#d8dee4",
    "blue": "#0072b2",
    "sky": "#56b4e9",
    "orange": "#e69f00",
    "green": "#009e73",
    "vermillion": "#d55e00",
    "purple": "#cc79a7",
}
PLAIN = {
    "axes.axisbelow": True,
    "axes.edgecolor": COLOURS["soft"],
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": COLOURS["soft"],
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": COLOURS["ink"],
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: text is measured alike everywhere
    "font.size": 8.5,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.6,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.labelcolor": COLOURS["ink"],
    "lines.linewidth": 1.1,
    "svg.fonttype": "none",
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["soft"],
    "xtick.labelsize": 8.5,
    "ytick.color": COLOURS["soft"],
    "ytick.labelsize": 8.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0.0,
}
WIDTH_IN = 4.8
# What a page's SVG does without, in order.
TIDYING = (
    (r"^.*?(?=<svg)", ""),  # the XML prologue
    (r"^<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>", r"<svg \1>"),  # fixed size, namespaces: the page's HTML has them
    (r"<defs>\s*<style.*?</defs>", ""),
    (r" id=\"[A-Za-z.0-9]+_\d+\"", ""),  # names of groups; what is referred to has no underscore
    (r" transform=\"rotate\(-0 [^)]*\)\"", ""),
    (r"font-family: [^;\"]*;? ?", ""),
    (r"font: ([0-9.]+px) [^;\"]*", r"font-size: \1"),
    (r"xlink:href", "href"),
    (r"\n\s*", "\n"),
)
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def svg(
    name: str,
    description: str,
    paint: Callable[[list[Axes]], None],
    *,
    heights: tuple[float, ...],
    height_in: float,
) -> Markup:
    """Return what `paint` draws on a column of axes that share their x axis, as SVG for a page.

    Args:
        name: Keeps the ids of a page's figures apart; the same name and drawing give the same bytes.
        description: Read out to those who do not see the figure.
        paint: Draws on the axes, top to bottom.
        heights: Relative height of each axes.
        height_in: Height of the whole, inches.
    """
    written = io.StringIO()
    with style.context(["default", PLAIN, {"svg.hashsalt": name}]):
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        paint(column(figure, figure.add_gridspec(len(heights), 1, height_ratios=heights), 0))
        _settle(figure)
        figure.savefig(written, format="svg", transparent=True, metadata=NO_METADATA)
    return inline(written.getvalue(), description)


def png(into: Path, paint: Callable[[Figure], None], *, width_px: int, height_px: int) -> None:
    """Write what `paint` draws as PNG, with no date or software in it."""
    with style.context(["default", PLAIN]):
        figure = Figure(figsize=(width_px / 100, height_px / 100), dpi=100, layout="constrained")
        paint(figure)
        _settle(figure)
        figure.savefig(into, format="png", metadata={"Software": None})


def column(figure: Figure, grid: GridSpec, number: int) -> list[Axes]:
    """Add one column of the grid to the figure: axes that share an x axis, written only below the last."""
    axes: list[Axes] = []
    for row in range(grid.nrows):
        axes.append(figure.add_subplot(grid[row, number], sharex=axes[0] if axes else None))
    for upper in axes[:-1]:
        upper.tick_params(labelbottom=False, bottom=False)
    return axes


def _settle(figure: Figure) -> None:
    """Lay the figure out once and round its places: the solver's last digits differ from run to run."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(share, 3) for share in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def inline(svg: str, description: str) -> Markup:
    """Return a standalone SVG as part of a page: no prologue, no fixed size, page colours, page fonts."""
    for pattern, replacement in TIDYING:
        svg = re.sub(pattern, replacement, svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]*>", _shortened, svg)
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    label = f'role="img" aria-label="{text(description)}"'
    return Markup(svg.replace("<svg", f"<svg {label}", 1).strip())


def _shortened(tag: re.Match[str]) -> str:
    """Return a tag with two decimals to each coordinate; what is written between tags is left alone."""
    return re.sub(r"(\d\.\d\d)\d+", r"\1", tag.group())
