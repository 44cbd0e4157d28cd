"""Where the time goes, before and after it was saved: the profiles of docs/measurements.md as one picture."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

TABLE = Path(__file__).with_name("profiles.csv")
"""What was measured: panel, unit, bar, part, value; the commands are beside the figures in docs/measurements.md."""

_COLOURS = ("#2f5fb3", "#0e8a7d", "#b97700", "#b0417c", "#6a55a8", "#5f7d1f")
_INK, _REST = "#1d2327", "#c9ced3"
_LEAST = 0.055  # of the panel's width: a narrower part has no number
_THE_REST = "the rest"

Bars = dict[str, dict[str, float]]
"""Parts and their values, by the bar."""


def read_profiles(table: Path = TABLE) -> dict[tuple[str, str], Bars]:
    """The bars of each panel in ``table``, by the panel's title and unit, in the order of the table."""
    panels: dict[tuple[str, str], Bars] = defaultdict(lambda: defaultdict(dict))
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            panels[row["panel"], row["unit"]][row["bar"]][row["part"]] = float(row["value"])
    return {panel: dict(bars) for panel, bars in panels.items()}


def draw(output: Path, table: Path = TABLE) -> None:
    """Draw the panels of ``table`` below each other to ``output``, PNG or SVG."""
    panels = read_profiles(table)
    heights = [0.9 + 0.42 * len(bars) for bars in panels.values()]
    figure = Figure(figsize=(9.5, sum(heights)), layout="constrained")
    axes = figure.subplots(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
    for own, ((title, unit), bars) in zip(axes, panels.items(), strict=True):
        own.set_title(f"{title}: {unit}", color=_INK, fontsize=10, loc="left")
        _draw_bars(own, bars)
    figure.savefig(output, dpi=110)


def _draw_bars(axes: Axes, bars: Bars) -> None:
    parts = list(dict.fromkeys(part for values in bars.values() for part in values))
    colours = dict(zip((part for part in parts if part != _THE_REST), _COLOURS, strict=False))
    largest = max(sum(values.values()) for values in bars.values())
    labelled: set[str] = set()
    for row, values in enumerate(bars.values()):
        left = 0.0
        for part, value in values.items():
            label = None if part in labelled else part
            labelled.add(part)
            axes.barh(row, value, left=left, height=0.62, color=colours.get(part, _REST), label=label)
            if value >= _LEAST * largest:
                ink = _INK if part == _THE_REST else "white"
                axes.text(left + value / 2, row, f"{value:g}", ha="center", va="center", color=ink, fontsize=8)
            left += value
        axes.text(left + 0.01 * largest, row, f"{left:.4g}", va="center", color=_INK, fontsize=8, fontweight="bold")
    axes.set_yticks(range(len(bars)), list(bars), fontsize=9)
    axes.set_xlim(0, 1.1 * largest)
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)
    if len(parts) > 1:
        axes.legend(ncols=len(parts), fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(0, -0.02))
