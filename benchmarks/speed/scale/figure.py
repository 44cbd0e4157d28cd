"""Time and peak memory against photos and classes, log-log: a line for each number of the other, with its slope."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

_COLOURS = ("#2f5fb3", "#0e8a7d", "#b97700", "#b0417c")
_MARKERS = ("o", "s", "^", "D")
_INK, _RULE = "#1d2327", "#e2e6e9"
_GOAL_BYTES = 2e9
_ACROSS = 3  # columns beside each other
_FIRST = "mobilenet_1.0_224"  # of files that do not say which

Rows = list[dict[str, Any]]


class _Column(NamedTuple):
    """What one column shows: a ``command`` with an ``architecture``, ``across`` the x axis, with a line for each of
    the ``others``.
    """

    command: str
    architecture: str
    across: str
    others: str


def draw(result_files: list[Path], output: Path) -> None:
    """Draw the rows of ``result_files`` to ``output``: a column for each command, seconds above, bytes below.

    The last columns have ``retrain`` against classes, if there are several numbers of these. Seconds are those of the
    processor where the file has them. Of rows with the same photos, classes, command and architecture the last one is
    drawn; what it does not have is that of the one before.
    """
    rows: dict[tuple[str, str, int, int], dict[str, Any]] = {}
    for path in result_files:
        for row in json.loads(path.read_text())["rows"]:
            row = {"architecture": _FIRST, **row}
            if "seconds" in row:
                row["time"] = row.get("processor_seconds", row["seconds"])
            key = row["command"], row["architecture"], row["classes"], row["photos"]
            rows[key] = {**rows.get(key, {}), **row}
    kinds = dict.fromkeys((command, architecture) for command, architecture, _, _ in rows)
    columns = [_Column(*kind, "photos", "classes") for kind in kinds]
    columns += [_Column(*kind, "classes", "photos") for kind in kinds if kind[0] == "retrain"]
    columns = [column for column in columns if any(len(line) > 1 for line in _by_line(rows.values(), column).values())]
    across = min(len(columns), _ACROSS)
    down = -(-len(columns) // across)
    figure = Figure(figsize=(3.6 * across, 6.4 * down), layout="constrained")
    axes = figure.subplots(2 * down, across, squeeze=False, sharey="row")
    for place, column in enumerate(columns):
        lines = _by_line(rows.values(), column)
        times, bytes_ = (axes[2 * (place // across) + below][place % across] for below in (0, 1))
        _draw_lines(times, lines, column, "time", 1)
        _draw_lines(bytes_, lines, column, "peak_memory_bytes", 1e-9)
        bytes_.axhline(_GOAL_BYTES * 1e-9, color=_INK, linewidth=0.8, linestyle=":")
        times.set_title(f"trainer {column.command}\n{column.architecture}", color=_INK, fontsize=10)
        bytes_.set_xlabel(column.across)
        if place % across == 0:
            times.set_ylabel("seconds")
            bytes_.set_ylabel("peak memory, GB")
    for place in range(len(columns), across * down):
        for below in (0, 1):
            axes[2 * (place // across) + below][place % across].set_visible(False)
    figure.savefig(output, dpi=110)


def slope(counts: list[int], values: list[float]) -> float:
    """By which power of ``counts`` the ``values`` grow, between the last two of them."""
    return float(np.log(values[-1] / values[-2]) / np.log(counts[-1] / counts[-2]))


def _by_line(rows: Iterable[dict[str, Any]], column: _Column) -> dict[int, Rows]:
    """The rows of each line of ``column``; against classes, a line has two points at least."""
    lines: dict[int, Rows] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row[column.others], row[column.across])):
        if (row["command"], row["architecture"]) == column[:2]:
            lines[row[column.others]].append(row)
    least = 2 if column.across == "classes" else 1
    return {count: own for count, own in lines.items() if len(own) >= least}


def _draw_lines(axes: Axes, lines: dict[int, Rows], column: _Column, name: str, unit: float) -> None:
    for place, (count, own) in enumerate(lines.items()):
        own = [row for row in own if name in row]
        counts, values = [row[column.across] for row in own], [row[name] * unit for row in own]
        if not own:
            continue
        steep = f", slope {slope(counts, values):.2f}" if len(own) > 1 else ""
        style = {"color": _COLOURS[place % 4], "marker": _MARKERS[place % 4], "markersize": 4, "linewidth": 1.4}
        axes.plot(counts, values, label=f"{count:,} {column.others}{steep}", **style)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(color=_RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(fontsize=7, frameon=False)
