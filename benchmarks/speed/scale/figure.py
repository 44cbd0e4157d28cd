"""Time and peak memory against photos, log-log: a line for each number of classes, with its slope."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_COLOURS = ("#2f5fb3", "#0e8a7d", "#b97700", "#b0417c")
_MARKERS = ("o", "s", "^", "D")
_INK, _RULE = "#1d2327", "#e2e6e9"
_GOAL_BYTES = 2e9


def draw(result_files: list[Path], output: Path) -> None:
    """Draw the rows of ``result_files`` to ``output``: a column for each command, seconds above, bytes below.

    Of files with the same photos, classes and command, the row of the last one is drawn.
    """
    rows: dict[tuple[str, int, int], dict[str, Any]] = {}
    for path in result_files:
        for row in json.loads(path.read_text())["rows"]:
            rows[row["command"], row["classes"], row["photos"]] = row
    commands = list(dict.fromkeys(command for command, _, _ in rows))
    figure = Figure(figsize=(3.6 * len(commands), 6.4), layout="constrained")
    axes = figure.subplots(2, len(commands), squeeze=False, sharex=True)
    for column, command in enumerate(commands):
        own = [row for row in rows.values() if row["command"] == command]
        _lines(axes[0][column], own, "seconds", 1)
        _lines(axes[1][column], own, "peak_memory_bytes", 1e-9)
        axes[1][column].axhline(_GOAL_BYTES * 1e-9, color=_INK, linewidth=0.8, linestyle=":")
        axes[0][column].set_title(f"trainer {command}", color=_INK, fontsize=10)
        axes[1][column].set_xlabel("photos")
    axes[0][0].set_ylabel("seconds")
    axes[1][0].set_ylabel("peak memory, GB")
    figure.savefig(output, dpi=110)


def slope(photos: list[int], values: list[float]) -> float:
    """By which power of the number of ``photos`` the ``values`` grow, between the last two of them."""
    return float(np.log(values[-1] / values[-2]) / np.log(photos[-1] / photos[-2]))


def _lines(axes: Axes, rows: list[dict[str, Any]], name: str, unit: float) -> None:
    by_classes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["classes"], row["photos"])):
        by_classes[row["classes"]].append(row)
    for place, (classes, own) in enumerate(by_classes.items()):
        photos, values = [row["photos"] for row in own], [row[name] * unit for row in own]
        steep = f", slope {slope(photos, values):.2f}" if len(own) > 1 else ""
        style = {"color": _COLOURS[place % 4], "marker": _MARKERS[place % 4], "markersize": 4, "linewidth": 1.4}
        axes.plot(photos, values, label=f"{classes:,} classes{steep}", **style)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(color=_RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize=7, frameon=False)
