"""Figures that compare: int8 with float32, board with board, many threads with few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.board_report import drawing
from benchmarks.board_report.drawing import Drawing
from benchmarks.board_report.measurements import (
    Board,
    PlottedPoint,
    headline_setting,
    main_quantization,
    setting_text,
    short_name,
)
from trainer.backbones.architectures import Architecture, architectures

_GAP = 4 * "\N{NO-BREAK SPACE}"  # SVG would draw blanks as one
_FASTER = f"\N{LEFTWARDS ARROW} float32 is faster{_GAP}times as fast{_GAP}int8 is faster \N{RIGHTWARDS ARROW}"
_SERIES_MARKERS = "osD^vP*X"


def int8_against_float32(board: Board, points: Sequence[PlottedPoint]) -> list[Drawing]:
    """One dot an architecture and runtime, with the fewest threads: how many times as fast int8 is.

    Nothing if a quantization is missing.
    """
    fewest = min(point.measurement.row["threads"] for point in points)
    times: dict[str, dict[Architecture, dict[str, PlottedPoint]]] = defaultdict(lambda: defaultdict(dict))
    for point in points:
        if point.measurement.row["threads"] == fewest:
            times[point.measurement.row["runtime"]][point.architecture][point.quantization] = point
    series = {
        runtime: {
            architecture: (
                quantizations["float32"].latency_ms / quantizations["int8"].latency_ms,
                quantizations["int8"].index,
            )
            for architecture, quantizations in found.items()
            if {"int8", "float32"} <= set(quantizations)
        }
        for runtime, found in times.items()
    }
    if not any(series.values()):
        return []
    figure, axes = _dots(series)
    ratios = [ratio for values in series.values() for ratio, _ in values.values()]
    drawing.log_axis(axes, _FASTER, drawing.log_limits([*ratios, 0.7, 1.5]))
    axes.axvline(1, color=drawing.INK, linewidth=1.1, zorder=2)
    caption = (
        f"{setting_text(board, None)}, {fewest} thread{'s' if fewest > 1 else ''}. Right of the line int8 is faster, "
        "left of it float32."
    )
    return [Drawing(f"int8-float32-{board.slug}", "int8 against float32", caption, figure)]


def boards_compared(boards: Sequence[Board], shown: dict[str, list[PlottedPoint]]) -> Drawing:
    """One dot an architecture and board: the latency of ``shown``, by slug, in the board's headline setting."""
    quantization = main_quantization(point for points in shown.values() for point in points)
    series = {
        board.name: {
            p.architecture: (p.latency_ms, p.index) for p in shown[board.slug] if p.quantization == quantization
        }
        for board in boards
    }
    figure, axes = _dots(series)
    drawing.log_axis(axes, "median milliseconds an inference")
    settings = "; ".join(setting_text(b, headline_setting(p.measurement for p in shown[b.slug])) for b in boards)
    caption = f"The same {quantization} models on every board. {settings}."
    return Drawing("boards", "Board against board", caption, figure)


def _dots(series: dict[str, dict[Architecture, tuple[float, int]]]) -> tuple[Figure, Axes]:
    """A line for each architecture, a mark for each of ``series``: name -> architecture -> (x, measurement)."""
    named = {architecture for values in series.values() for architecture in values}
    rows = [architecture for architecture in architectures() if architecture in named]
    figure, (axes,) = drawing.new_figure(1.5 + 0.2 * len(rows))
    for (values, marker), solid in zip(
        zip(series.values(), _SERIES_MARKERS, strict=False), [True, *[False] * len(series)], strict=False
    ):
        for architecture, (x, index) in values.items():
            style = drawing.circle_style(drawing.colour_of(architecture), True)
            style |= {} if solid else {"facecolor": drawing.PAPER}
            drawing.mark(axes, x, rows.index(architecture), index, s=44, marker=marker, **style)
    names = [short_name(architecture) for architecture in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=8.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    shapes = [
        Line2D(
            *([], []),
            marker=marker,
            linestyle="",
            color=drawing.MUTED,
            markerfacecolor=drawing.MUTED if place == 0 else "none",
            label=name,
        )
        for place, (name, marker) in enumerate(zip(series, _SERIES_MARKERS, strict=False))
    ]
    figure.legend(handles=shapes, loc="outside upper left", ncols=1 if max(map(len, series)) > 24 else 4, fontsize=8.5)
    return figure, axes


def threads_scaling(board: Board, points: Sequence[PlottedPoint]) -> list[Drawing]:
    """Speed-up over the fewest threads, a line for each architecture, a panel for each quantization."""
    setting = headline_setting(point.measurement for point in points)
    assert setting is not None
    runtime, fewest = setting
    lines: dict[str, dict[Architecture, dict[int, PlottedPoint]]] = defaultdict(lambda: defaultdict(dict))
    for point in points:
        if point.measurement.row["runtime"] == runtime:
            lines[point.quantization][point.architecture][point.measurement.row["threads"]] = point
    counts = sorted({threads for found in lines.values() for line in found.values() for threads in line})
    if len(counts) < 2:
        return []
    figure, all_axes = drawing.new_figure(3.6, 1, len(lines), sharey=True)
    for (quantization, found), axes in zip(sorted(lines.items(), reverse=True), all_axes, strict=True):
        axes.plot(counts, [count / fewest for count in counts], color=drawing.MUTED, linewidth=1, linestyle=(0, (4, 3)))
        last = []
        for architecture, line in sorted(found.items()):
            if fewest not in line:
                continue
            known = sorted(line)
            ratios = [line[fewest].latency_ms / line[threads].latency_ms for threads in known]
            colour = drawing.colour_of(architecture)
            axes.plot(known, ratios, color=colour, linewidth=0.9, alpha=0.6)
            for threads, ratio in zip(known, ratios, strict=True):
                if threads != fewest:
                    style = {"s": 30, **drawing.circle_style(colour, True)}
                    drawing.mark(axes, threads, ratio, line[threads].index, **style)
            last.append(ratios[-1])
        axes.set_title(f"{quantization}: median {median(last):.2f} times with {counts[-1]}" if last else quantization)
        axes.set_xticks(counts)
        axes.set_xlim(counts[0] - 0.15, counts[-1] + 0.25)
        axes.set_xlabel("threads")
    all_axes[0].set_ylabel(f"times as fast as with {fewest}")
    drawing.colour_legend(figure, (point.architecture for point in points))
    caption = f"{board.name}, {runtime}. Dashed: twice the threads, twice as fast."
    return [Drawing(f"threads-{board.slug}", "What more threads bring", caption, figure)]
