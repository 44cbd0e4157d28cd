"""The figure of minutes under load: what an inference takes as the board becomes warm."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

from benchmarks.board_report import drawing
from benchmarks.board_report.drawing import Drawing
from benchmarks.board_report.measurements import Board

_COLOURS = tuple(drawing.WIDTHS.values())
_LEAST_ABOVE = 1.2  # of the axis: a steady board is a flat line and not its own noise


def under_load(boards: Sequence[Board]) -> list[Drawing]:
    """Time over the fastest window's against minutes, a line for each board that was under load; below, temperatures.

    Nothing if none was. Boards that do not say their temperature have no line below.
    """
    shown = [(board, windows) for board in boards if (windows := load_windows(board))]
    if not shown:
        return []
    warm = any(_temperature(window) is not None for _, windows in shown for window in windows)
    figure, all_axes = drawing.new_figure(4.4 if warm else 3.0, 1 + warm, sharex=True)
    highest = _LEAST_ABOVE
    for (board, windows), colour in zip(shown, cycle(_COLOURS), strict=False):
        minutes = [window["seconds"] / 60 for window in windows]
        fastest = min(window["p50_ms"] for window in windows)
        times = [window["p50_ms"] / fastest for window in windows]
        highest = max(highest, 1.05 * max(times))
        all_axes[0].plot(minutes, times, color=colour, linewidth=1.3, label=f"{board.name}, {fastest:.3g} ms")
        if warm:
            degrees = [(at, value) for at, each in zip(minutes, windows, strict=True) if (value := _temperature(each))]
            all_axes[1].plot(*zip(*degrees, strict=True) if degrees else ([], []), color=colour, linewidth=1.3)
    all_axes[0].set_ylim(0.97, highest)
    all_axes[0].set_ylabel("times the fastest window")
    if warm:
        all_axes[1].set_ylabel("degrees Celsius")
    all_axes[-1].set_xlabel("minutes under load")
    figure.legend(loc="outside upper left", ncols=1, fontsize=8.5)
    models = sorted({str(board.results["soak"].get("model")) for board, _ in shown})
    caption = f"{', '.join(models)} on all threads, the median of every ten seconds. A line that rises: heat."
    return [Drawing("load", "Under load", caption, figure)]


def load_windows(board: Board) -> list[dict[str, Any]]:
    """The windows of the board's minutes under load; empty if there are none."""
    soak = board.results.get("soak")
    return soak["windows"] if soak and soak["error"] is None else []


def _temperature(window: dict[str, Any]) -> float | None:
    value = window.get("temperature_c")
    return float(value) if isinstance(value, (int, float)) else None
