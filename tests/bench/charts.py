"""A plot of what was measured, as PNG: bars, or lines."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipelines.report.canvas import COLOURS, png
from tests.bench.result import Chart

WIDTH_PX, BAR_PX, FRAME_PX, LINES_PX = 900, 34, 90, 420
_DECADE = 10
_COLOURS = tuple(COLOURS[name] for name in ("blue", "orange", "green", "vermillion", "purple", "sky"))


def draw(chart: Chart, into: Path) -> None:
    """Write the plot."""
    height_px = FRAME_PX + BAR_PX * len(chart.bars) if chart.bars else LINES_PX
    png(into, lambda figure: _drawn(chart, figure), width_px=WIDTH_PX, height_px=height_px)


def _drawn(chart: Chart, figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.set_title(chart.title)
    if chart.bars:
        _bars(chart, axes)
    else:
        _lines(chart, axes)


def _bars(chart: Chart, axes: Axes) -> None:
    names, values = list(chart.bars), list(chart.bars.values())
    places = range(len(names))
    axes.barh(places, values, color=[_COLOURS[0] if "Fieldstream" in name else COLOURS["soft"] for name in names])
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xlabel(chart.y_label)
    for place, value in zip(places, values, strict=True):
        axes.text(value, place, f" {value:,.0f}" if value >= 100 else f" {value:.2f}", va="center", fontsize=8)
    axes.margins(x=0.12)


def _lines(chart: Chart, axes: Axes) -> None:
    for (name, points), colour in zip(chart.lines.items(), _COLOURS * len(chart.lines), strict=False):
        axes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=colour, label=name)
    if chart.over_time:
        axes.set_xlim(left=0)
    else:
        axes.set_xscale("log")
    heights = [height for points in chart.lines.values() for _, height in points]
    if chart.over_time or max(heights) < _DECADE * min(heights):
        # Stretched over the whole height, scatter would look like a trend.
        axes.set_ylim(0, 1.1 * max(heights))
    else:
        axes.set_yscale("log")
    axes.set_xlabel(chart.x_label)
    axes.set_ylabel(chart.y_label)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))  # beside the lines, none of which it hides
