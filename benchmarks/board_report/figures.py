"""The figures of the report: accuracy against computations and latency, and the Pareto front, drawn here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.board_report import drawing
from benchmarks.board_report.comparisons import boards_compared, int8_against_float32, threads_scaling
from benchmarks.board_report.drawing import Drawing
from benchmarks.board_report.labelling import Label, place_labels
from benchmarks.board_report.load_curve import under_load
from benchmarks.board_report.measurements import (
    Board,
    Measurement,
    PlottedPoint,
    headline_setting,
    main_quantization,
    plotted_points,
    setting_text,
    short_name,
)
from trainer.backbones.architectures import Architecture

_MEASURED, _PUBLISHED = "measured on the test photos", "published: ImageNet top-1 of the 1001-class original"

Abscissa = Callable[[PlottedPoint], float]


class _Panel(NamedTuple):
    """Points that share an axis: all ``measured``, or all with the published accuracy."""

    measured: bool
    points: list[PlottedPoint]

    def height(self, point: PlottedPoint) -> float:
        """The accuracy of ``point`` (0..1) in this panel."""
        height = point.accuracy if self.measured else point.top1
        assert height is not None  # such points are in the other panel
        return height


def draw_all(boards: Sequence[Board], measurements: Sequence[Measurement]) -> list[Drawing]:
    """Every figure that the measurements allow: common ones first, then board by board."""
    settings = {board.slug: headline_setting(_of(measurements, board)) for board in boards}
    shown = {board.slug: plotted_points(_of(measurements, board), settings[board.slug]) for board in boards}
    points = [point for board in boards for point in shown[board.slug]]
    if not points:
        return []
    limits = drawing.log_limits(point.latency_ms for point in points)
    drawings = [_accuracy_by_macs(_first_of_each(points))]
    if len(boards) > 1:
        drawings.append(boards_compared(boards, shown))
    present = [board for board in boards if shown[board.slug]]
    everything = {board.slug: plotted_points(_of(measurements, board)) for board in present}
    # Figure by figure, so that the same figure of all boards stands side by side.
    drawings += [_accuracy_by_latency(board, shown[board.slug], limits) for board in present]
    drawings += [_pareto(board, shown[board.slug], limits) for board in present]
    drawings += [made for board in present for made in int8_against_float32(board, everything[board.slug])]
    drawings += [made for board in present for made in threads_scaling(board, everything[board.slug])]
    return drawings + under_load(present)


def pareto_front(points: Iterable[tuple[float, float]]) -> list[int]:
    """The places of those (cost, worth) than which no other is both cheaper and better, cheapest first."""
    ranked = sorted(enumerate(points), key=lambda item: (item[1][0], -item[1][1]))
    front: list[int] = []
    best = float("-inf")
    for place, (_, worth) in ranked:
        if worth > best:
            front.append(place)
            best = worth
    return front


def _accuracy_by_macs(points: Sequence[PlottedPoint]) -> Drawing:
    figure = _circles(points, lambda point: point.published.million_macs, "million multiply-adds a picture", None)
    caption = f"The codelab's figure: what a network computes and what it gains by that. {_models_text(points)}"
    return Drawing("accuracy-macs", "Accuracy against computations", caption, figure)


def _accuracy_by_latency(board: Board, points: Sequence[PlottedPoint], limits: tuple[float, float]) -> Drawing:
    figure = _circles(points, lambda point: point.latency_ms, "median milliseconds an inference", limits)
    setting = setting_text(board, points[0].measurement.setting)
    caption = f"The same with measured time on x: {setting}. {_models_text(points)}"
    return Drawing(f"accuracy-latency-{board.slug}", "Accuracy against measured latency", caption, figure)


def _models_text(points: Sequence[PlottedPoint]) -> str:
    quantization = main_quantization(points)
    return f"Models: {quantization}. Filled: measured; hollow, dashed: published, another task on another scale."


def _circles(points: Sequence[PlottedPoint], x: Abscissa, label: str, limits: tuple[float, float] | None) -> Figure:
    quantization = main_quantization(points)
    panels = _panels([point for point in points if point.quantization == quantization])
    figure, all_axes = _panel_axes(panels)
    limits = limits or drawing.log_limits(x(point) for point in points)
    for panel, axes in zip(panels, all_axes, strict=True):
        largest = max(point.size_mb for point in panel.points)
        for line in _lines(panel.points):
            colour = drawing.colour_of(line[0].architecture)
            axes.plot([x(p) for p in line], [panel.height(p) for p in line], color=colour, linewidth=0.9, alpha=0.55)
        for point in sorted(panel.points, key=lambda point: -point.size_mb):  # small circles above large ones
            area = drawing.circle_area(point.size_mb, largest)
            style = drawing.circle_style(drawing.colour_of(point.architecture), panel.measured)
            drawing.mark(axes, x(point), panel.height(point), point.index, s=area, **style)
        drawing.size_legend(axes, largest)
        _finish_panel(axes, panel, limits)
    drawing.log_axis(all_axes[-1], label, limits)
    drawing.colour_legend(figure, (point.architecture for point in points))
    for panel, axes in zip(panels, all_axes, strict=True):
        largest = max(point.size_mb for point in panel.points)
        labels = [
            Label(
                x(p),
                panel.height(p),
                str(p.architecture.input_size),
                drawing.circle_area(p.size_mb, largest) ** 0.5 / 2,
            )
            for p in sorted(panel.points, key=lambda point: panel.height(point))
        ]
        place_labels(axes, labels, "ibral", drawing.PAPER if panel.measured else drawing.INK)
    return figure


def _pareto(board: Board, points: Sequence[PlottedPoint], limits: tuple[float, float]) -> Drawing:
    panels = _panels(points)
    figure, all_axes = _panel_axes(panels)
    labels_of: list[list[Label]] = []
    for panel, axes in zip(panels, all_axes, strict=True):
        front = pareto_front((point.latency_ms, panel.height(point)) for point in panel.points)
        steps = [panel.points[place] for place in front]
        xs, ys = [p.latency_ms for p in steps], [panel.height(p) for p in steps]
        axes.step([*xs, limits[1]], [*ys, ys[-1]], where="post", color=drawing.INK, linewidth=1.1, zorder=2)
        for place, point in enumerate(panel.points):
            colour = drawing.colour_of(point.architecture)
            style = drawing.circle_style(colour, panel.measured, pale=place not in front)
            style |= {"s": 52, "marker": drawing.MARKERS.get(point.quantization, "P")}
            drawing.mark(axes, point.latency_ms, panel.height(point), point.index, **style)
        labels_of.append([Label(p.latency_ms, panel.height(p), short_name(p.architecture), 3.6) for p in steps])
        _finish_panel(axes, panel, limits)
    drawing.log_axis(all_axes[-1], "median milliseconds an inference", limits)
    quantizations = sorted({point.quantization for point in points})
    shapes = [
        Line2D(
            [], [], marker=drawing.MARKERS.get(quantization, "P"), linestyle="", color=drawing.MUTED, label=quantization
        )
        for quantization in quantizations
    ]
    drawing.colour_legend(figure, (point.architecture for point in points), shapes)
    for labels, axes in zip(labels_of, all_axes, strict=True):
        place_labels(axes, labels, "qlarb")
    caption = (
        f"{setting_text(board, points[0].measurement.setting)}. On the line: no other point is both faster and more "
        "accurate. Pale: some other point is. A label is width and size, such as 0.50 160."
    )
    return Drawing(f"pareto-{board.slug}", "The Pareto front", caption, figure)


def _panels(points: Sequence[PlottedPoint]) -> list[_Panel]:
    """Measured points in a panel of their own; the published ones below, unless all were measured."""
    measured = [point for point in points if point.accuracy is not None]
    panels = [_Panel(True, measured)] if measured else []
    published = [point for point in points if point.top1 is not None]
    return [*panels, _Panel(False, published)] if published and len(measured) < len(points) else panels


def _panel_axes(panels: Sequence[_Panel]) -> tuple[Figure, list[Axes]]:
    return drawing.new_figure(4.3 if len(panels) == 1 else 7.2, len(panels), sharex=True)


def _finish_panel(axes: Axes, panel: _Panel, limits: tuple[float, float]) -> None:
    axes.set_title(f"Accuracy {_MEASURED}" if panel.measured else f"Accuracy {_PUBLISHED}")
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    heights = [panel.height(point) for point in panel.points]
    space = max(0.18 * (max(heights) - min(heights)), 0.01)
    axes.set_ylim(min(heights) - 1.3 * space, max(heights) + space)
    drawing.percent_axis(axes, "accuracy" if panel.measured else "top-1")


def _lines(points: Iterable[PlottedPoint]) -> list[list[PlottedPoint]]:
    """The points of each width of each family, the smallest pictures first."""
    lines: dict[tuple[str, float], list[PlottedPoint]] = defaultdict(list)
    for point in sorted(points, key=lambda point: point.architecture.input_size):
        lines[point.architecture.family, point.architecture.alpha].append(point)
    return list(lines.values())


def _first_of_each(points: Iterable[PlottedPoint]) -> list[PlottedPoint]:
    """One point for each architecture and quantization, one with a measured accuracy if there is one."""
    chosen: dict[tuple[Architecture, str], PlottedPoint] = {}
    for point in points:
        known = chosen.setdefault((point.architecture, point.quantization), point)
        if known.accuracy is None and point.accuracy is not None:
            chosen[point.architecture, point.quantization] = point
    return list(chosen.values())


def _of(measurements: Iterable[Measurement], board: Board) -> list[Measurement]:
    return [measurement for measurement in measurements if measurement.board.slug == board.slug]
