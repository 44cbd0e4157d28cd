"""Time and peak memory against photos and classes, log-log: a line for each number of the other, with its slope."""

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

Rows = list[dict[str, Any]]


def draw(result_files: list[Path], output: Path) -> None:
    """Draw the rows of ``result_files`` to ``output``: a column for each command, seconds above, bytes below.

    The last column has ``retrain`` against classes, if there are several numbers of these. Seconds are those of the
    processor where the file has them. Of files with the same photos, classes and command, the row of the last one is
    drawn.
    """
    rows: dict[tuple[str, int, int], dict[str, Any]] = {}
    for path in result_files:
        for row in json.loads(path.read_text())["rows"]:
            rows[row["command"], row["classes"], row["photos"]] = row
    commands = list(dict.fromkeys(command for command, _, _ in rows))
    columns = [(command, "photos", "classes") for command in commands]
    columns += [(command, "classes", "photos") for command in commands if command == "retrain"]
    figure = Figure(figsize=(3.6 * len(columns), 6.4), layout="constrained")
    axes = figure.subplots(2, len(columns), squeeze=False, sharex="col")
    for place, (command, across, line) in enumerate(columns):
        own = [row for row in rows.values() if row["command"] == command]
        _lines(axes[0][place], [{**row, "time": _time(row)} for row in own], "time", 1, across, line)
        _lines(axes[1][place], own, "peak_memory_bytes", 1e-9, across, line)
        axes[1][place].axhline(_GOAL_BYTES * 1e-9, color=_INK, linewidth=0.8, linestyle=":")
        axes[0][place].set_title(f"trainer {command}, by {across}", color=_INK, fontsize=10)
        axes[1][place].set_xlabel(across)
    axes[0][0].set_ylabel("seconds")
    axes[1][0].set_ylabel("peak memory, GB")
    figure.savefig(output, dpi=110)


def slope(counts: list[int], values: list[float]) -> float:
    """By which power of ``counts`` the ``values`` grow, between the last two of them."""
    return float(np.log(values[-1] / values[-2]) / np.log(counts[-1] / counts[-2]))


def _time(row: dict[str, Any]) -> float:
    return float(row.get("processor_seconds", row["seconds"]))


def _lines(axes: Axes, rows: Rows, name: str, unit: float, across: str, line: str) -> None:
    lines: dict[int, Rows] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row[line], row[across])):
        lines[row[line]].append(row)
    if across == "classes":
        lines = defaultdict(list, {count: own for count, own in lines.items() if len(own) > 1})
    for place, (count, own) in enumerate(lines.items()):
        counts, values = [row[across] for row in own], [row[name] * unit for row in own]
        steep = f", slope {slope(counts, values):.2f}" if len(own) > 1 else ""
        style = {"color": _COLOURS[place % 4], "marker": _MARKERS[place % 4], "markersize": 4, "linewidth": 1.4}
        axes.plot(counts, values, label=f"{count:,} {line}{steep}", **style)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(color=_RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    if lines:
        axes.legend(fontsize=7, frameon=False)
