"""How all figures look: colours, axes, circles; and how a figure becomes the same bytes every time."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from trainer.backbones.architectures import (
    EFFICIENTNET_LITE0,
    MOBILENET_V2,
    MOBILENET_V3_SMALL,
    Architecture,
    architectures,
)

INK, MUTED, RULE, PAPER = "#1d2327", "#5c666e", "#e2e6e9", "#fffffe"
WIDTHS = {1.0: "#2f5fb3", 0.75: "#0e8a7d", 0.50: "#b97700", 0.25: "#b0417c"}
"""One colour a width multiplier, which colour-blind readers see as different too (in hue and in lightness)."""

FAMILY_COLOURS = {MOBILENET_V2: "#6b4fb3", MOBILENET_V3_SMALL: "#a3402b", EFFICIENTNET_LITE0: "#587014"}
"""The colour of each family that followed MobileNet v1, for all its widths."""

_FAMILY_KEYS = {MOBILENET_V2: "v2", MOBILENET_V3_SMALL: "v3", EFFICIENTNET_LITE0: "lite0"}
_FAMILY_NAMES = {MOBILENET_V2: "MobileNetV2", MOBILENET_V3_SMALL: "V3-Small", EFFICIENTNET_LITE0: "EfficientNet-Lite0"}


def colour_of(architecture: Architecture) -> str:
    """The colour that stands for the width of ``architecture``, or for its family."""
    return FAMILY_COLOURS.get(architecture.family) or WIDTHS[architecture.alpha]


def colour_key(architecture: Architecture) -> str:
    """The name of that colour in the page's style sheet: ``w050``, ``v2``."""
    return _FAMILY_KEYS.get(architecture.family, f"w{round(100 * architecture.alpha):03d}")


THEME = {
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    PAPER: "card",
    **{colour_of(architecture): colour_key(architecture) for architecture in architectures()},
}
"""Colour in a figure -> the CSS variable that the page puts in its place."""

MARKERS = {"int8": "o", "float32": "s", "float16": "^", "dynamic": "D"}
LARGEST_CIRCLE = 520  # square points, for the largest model of a figure
SMALLEST_CIRCLE = 14
MARK = "measurement-"
"""Prefix of the id of a mark that stands for a measurement."""

_WIDTH_INCHES = 5.6
_LEGEND_COLUMNS = 6
_DPI = 200
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "legend.frameon": False,
    "legend.handletextpad": 0.3,
    "legend.columnspacing": 1.2,
    "svg.hashsalt": "edge-for-poets",
}


class Drawing(NamedTuple):
    """A finished figure: ``name`` is its file's stem; ``title`` and ``caption`` say what it shows."""

    name: str
    title: str
    caption: str
    figure: Figure


@contextlib.contextmanager
def common_style() -> Iterator[None]:
    """Draw everything inside the block in the common style."""
    with matplotlib.rc_context(_STYLE):
        yield


def new_figure(height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of the common width and ``height`` inches with ``rows`` x ``columns`` axes, from the top left."""
    figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.ravel())


def to_png(figure: Figure) -> bytes:
    """The figure as PNG, without a date or the name of the program in it."""
    return _save(figure, "png", {"Software": None}, {})


def to_svg(figure: Figure, as_text: bool = False) -> bytes:
    """The figure as SVG; with ``as_text`` letters stay letters, for a page that has fonts of its own."""
    return _save(figure, "svg", {"Date": None, "Creator": None}, {"svg.fonttype": "none" if as_text else "path"})


def _save(figure: Figure, kind: str, metadata: dict[str, None], style: Any) -> bytes:
    content = io.BytesIO()
    with matplotlib.rc_context({**_STYLE, **style}):
        figure.savefig(content, format=kind, dpi=_DPI, metadata=metadata)
    return content.getvalue()


def log_axis(axes: Axes, label: str, limits: tuple[float, float] | None = None) -> None:
    """Make x logarithmic, with ticks at 1, 2 and 5 written as plain numbers."""
    axes.set_xscale("log")
    if limits:
        axes.set_xlim(*limits)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(LogLocator(subs=()))
    axes.set_xlabel(label)


def percent_axis(axes: Axes, label: str) -> None:
    """Write y, fractions, as per cent."""
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    axes.set_ylabel(label)


def log_limits(values: Iterable[float]) -> tuple[float, float]:
    """Limits of a logarithmic axis with space for circles at both ends."""
    known = list(values)
    space = (max(known) / min(known)) ** 0.08 * 1.12
    return min(known) / space, max(known) * space


def mark(axes: Axes, x: float, y: float, index: int, **style: Any) -> None:
    """Draw one mark that the page can find again as measurement ``index``."""
    axes.scatter([x], [y], **{"zorder": 3, "linewidths": 1.2, **style}).set_gid(f"{MARK}{index}")


def circle_style(colour: str, solid: bool, pale: bool = False) -> dict[str, Any]:
    """Filled for what was measured; hollow with a dashed rim for what was published; ``pale`` steps back."""
    strength = 0.4 if pale else 1.0
    if solid:
        return {"facecolor": (colour, 0.72 * strength), "edgecolor": (colour, strength)}
    return {"facecolor": (colour, 0.1), "edgecolor": (colour, strength), "linestyle": (0, (2.2, 1.4))}


def colour_legend(figure: Figure, shown: Iterable[Architecture], extra: Sequence[Line2D] = ()) -> None:
    """Name the colours of the architectures ``shown`` above the axes, and ``extra`` marks behind them."""
    known = {*shown}
    names = {
        colour_of(each): _FAMILY_NAMES.get(each.family, f"width {each.alpha:.2f}")
        for each in architectures()
        if each in known
    }
    handles = [Line2D([], [], marker="o", linestyle="", color=colour, label=name) for colour, name in names.items()]
    handles += extra
    rows = -(-len(handles) // _LEGEND_COLUMNS)
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=-(-len(handles) // rows),
        fontsize=8.5,
        columnspacing=0.9,
    )


def size_legend(axes: Axes, largest_mb: float) -> None:
    """Three circles in the lower right corner that say what area means."""
    steps = [largest_mb, largest_mb / 4, largest_mb / 16]
    handles = [
        Line2D(
            *([], []),
            marker="o",
            linestyle="",
            markersize=circle_area(step, largest_mb) ** 0.5,
            markerfacecolor="none",
            markeredgecolor=MUTED,
            label=f"{step:.2g} MB",
        )
        for step in steps
    ]
    legend = axes.legend(
        handles=handles,
        loc="lower right",
        fontsize=8,
        labelspacing=0.9,
        borderpad=0.8,
        handletextpad=1.0,
        title="area: file size",
        title_fontsize=8,
        alignment="left",
        frameon=False,
    )
    for text in [*legend.get_texts(), legend.get_title()]:
        text.set_color(MUTED)


def circle_area(size_mb: float, largest_mb: float) -> float:
    """The area in square points of a circle that stands for a file of ``size_mb``."""
    return max(LARGEST_CIRCLE * size_mb / largest_mb, SMALLEST_CIRCLE)
