"""The figures of the report, each drawn from the points of one or several boards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmarks import drawing
from benchmarks.drawing import Drawing, Label
from benchmarks.readings import Board, Point, Reading, grid_points, headline_setting, main_kind
from trainer.architectures import ALPHAS, Architecture, grid

_MEASURED, _PUBLISHED = "measured on the test photos", "published: ImageNet top-1 of the 1001-class original"

_GAP = 4 * "\N{NO-BREAK SPACE}"  # SVG would draw blanks as one
_FASTER = f"\N{LEFTWARDS ARROW} float32 is faster{_GAP}times as fast{_GAP}int8 is faster \N{RIGHTWARDS ARROW}"
_SERIES_MARKERS = "osD^vP*X"

Abscissa = Callable[[Point], float]


class _Panel(NamedTuple):
    """Points that share an axis: all ``measured``, or all with the published accuracy."""

    measured: bool
    points: list[Point]

    def height(self, point: Point) -> float:
        """The accuracy of ``point`` (0..1) in this panel."""
        return point.accuracy if self.measured and point.accuracy is not None else point.top1


def draw_all(boards: Sequence[Board], readings: Sequence[Reading]) -> list[Drawing]:
    """Every figure that the readings allow: common ones first, then board by board."""
    settings = {board.slug: headline_setting(_of(readings, board)) for board in boards}
    shown = {board.slug: grid_points(_of(readings, board), settings[board.slug]) for board in boards}
    points = [point for board in boards for point in shown[board.slug]]
    if not points:
        return []
    limits = drawing.log_limits(point.latency_ms for point in points)
    drawings = [_accuracy_by_macs(_first_of_each(points))]
    if len(boards) > 1:
        drawings.append(_boards(boards, shown))
    present = [board for board in boards if shown[board.slug]]
    everything = {board.slug: grid_points(_of(readings, board)) for board in present}
    # Figure by figure, so that the same figure of all boards stands side by side.
    drawings += [_accuracy_by_latency(board, shown[board.slug], limits) for board in present]
    drawings += [_pareto(board, shown[board.slug], limits) for board in present]
    drawings += [drawing for board in present for drawing in _int8_against_float32(board, everything[board.slug])]
    return drawings + [drawing for board in present for drawing in _threads(board, everything[board.slug])]


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


def setting_text(board: Board, setting: tuple[str, int] | None) -> str:
    """The board and how it was measured, for captions: ``Raspberry Pi 4, litert 2.3.0, 1 thread``."""
    if setting is None:
        return board.name
    runtime, threads = setting
    versions = (row["runtime_version"] for row in board.results["rows"] if row["runtime"] == runtime)
    version = next(filter(None, versions), "")
    return f"{board.name}, {runtime} {version}, {threads} thread{'s' if threads > 1 else ''}"


def _accuracy_by_macs(points: Sequence[Point]) -> Drawing:
    figure = _circles(points, lambda point: point.published.million_macs, "million multiply-adds a picture", None)
    caption = f"The codelab's figure: what a network computes and what it gains by that. {_kind_text(points)}"
    return Drawing("accuracy-macs", "Accuracy against computations", caption, figure)


def _accuracy_by_latency(board: Board, points: Sequence[Point], limits: tuple[float, float]) -> Drawing:
    figure = _circles(points, lambda point: point.latency_ms, "median milliseconds an inference", limits)
    caption = (
        f"The same with measured time on x: {setting_text(board, points[0].reading.setting)}. {_kind_text(points)}"
    )
    return Drawing(f"accuracy-latency-{board.slug}", "Accuracy against measured latency", caption, figure)


def _kind_text(points: Sequence[Point]) -> str:
    return f"Models: {main_kind(points)}. Filled: measured; hollow, dashed: published, another task on another scale."


def _circles(points: Sequence[Point], x: Abscissa, label: str, limits: tuple[float, float] | None) -> drawing.Figure:
    kind = main_kind(points)
    panels = _panels([point for point in points if point.kind == kind])
    figure, all_axes = _panel_axes(panels)
    limits = limits or drawing.log_limits(x(point) for point in points)
    for panel, axes in zip(panels, all_axes, strict=True):
        largest = max(point.size_mb for point in panel.points)
        for alpha, line in _by_width(panel.points).items():
            colour = drawing.WIDTHS[alpha]
            axes.plot([x(p) for p in line], [panel.height(p) for p in line], color=colour, linewidth=0.9, alpha=0.55)
        for point in sorted(panel.points, key=lambda point: -point.size_mb):  # small circles above large ones
            area = drawing.circle_area(point.size_mb, largest)
            style = drawing.circle_style(drawing.WIDTHS[point.architecture.alpha], panel.measured)
            drawing.mark(axes, x(point), panel.height(point), point.index, s=area, **style)
        drawing.size_legend(axes, largest)
        _finish_panel(axes, panel, limits)
    drawing.log_axis(all_axes[-1], label, limits)
    drawing.width_legend(figure, _alphas(points))
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
        drawing.place_labels(axes, labels, "ibral", drawing.PAPER if panel.measured else drawing.INK)
    return figure


def _pareto(board: Board, points: Sequence[Point], limits: tuple[float, float]) -> Drawing:
    panels = _panels(points)
    figure, all_axes = _panel_axes(panels)
    labels_of: list[list[Label]] = []
    for panel, axes in zip(panels, all_axes, strict=True):
        front = pareto_front((point.latency_ms, panel.height(point)) for point in panel.points)
        steps = [panel.points[place] for place in front]
        xs, ys = [p.latency_ms for p in steps], [panel.height(p) for p in steps]
        axes.step([*xs, limits[1]], [*ys, ys[-1]], where="post", color=drawing.INK, linewidth=1.1, zorder=2)
        for place, point in enumerate(panel.points):
            colour = drawing.WIDTHS[point.architecture.alpha]
            style = drawing.circle_style(colour, panel.measured, pale=place not in front)
            style |= {"s": 52, "marker": drawing.MARKERS.get(point.kind, "P")}
            drawing.mark(axes, point.latency_ms, panel.height(point), point.index, **style)
        labels_of.append([Label(p.latency_ms, panel.height(p), _short(p.architecture), 3.6) for p in steps])
        _finish_panel(axes, panel, limits)
    drawing.log_axis(all_axes[-1], "median milliseconds an inference", limits)
    kinds = sorted({point.kind for point in points})
    shapes = [
        Line2D([], [], marker=drawing.MARKERS.get(kind, "P"), linestyle="", color=drawing.MUTED, label=kind)
        for kind in kinds
    ]
    drawing.width_legend(figure, _alphas(points), shapes)
    for labels, axes in zip(labels_of, all_axes, strict=True):
        drawing.place_labels(axes, labels, "qlarb", clear=True)
    caption = (
        f"{setting_text(board, points[0].reading.setting)}. On the line: no other point is both faster and more "
        "accurate. Pale: some other point is. A label is width and size, such as 0.50 160."
    )
    return Drawing(f"pareto-{board.slug}", "The Pareto front", caption, figure)


def _int8_against_float32(board: Board, points: Sequence[Point]) -> list[Drawing]:
    """One dot an architecture and runtime: how many times faster int8 is; nothing where a kind is missing."""
    fewest = min(point.reading.row["threads"] for point in points)
    times: dict[str, dict[Architecture, dict[str, Point]]] = defaultdict(lambda: defaultdict(dict))
    for point in points:
        if point.reading.row["threads"] == fewest:
            times[point.reading.row["runtime"]][point.architecture][point.kind] = point
    series = {
        runtime: {
            architecture: (kinds["float32"].latency_ms / kinds["int8"].latency_ms, kinds["int8"].index)
            for architecture, kinds in found.items()
            if {"int8", "float32"} <= set(kinds)
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
        f"{setting_text(board, None)}, {fewest} thread{'s' if fewest > 1 else ''}. Right of the line int8 is faster; "
        "left of it the interpreter has no fast integer kernels for this processor."
    )
    return [Drawing(f"int8-float32-{board.slug}", "int8 against float32", caption, figure)]


def _boards(boards: Sequence[Board], shown: dict[str, list[Point]]) -> Drawing:
    kind = main_kind(point for points in shown.values() for point in points)
    series = {
        board.name: {p.architecture: (p.latency_ms, p.index) for p in shown[board.slug] if p.kind == kind}
        for board in boards
    }
    figure, axes = _dots(series)
    drawing.log_axis(axes, "median milliseconds an inference")
    settings = "; ".join(setting_text(b, headline_setting(p.reading for p in shown[b.slug])) for b in boards)
    caption = f"The same {kind} models on every board. {settings}."
    return Drawing("boards", "Board against board", caption, figure)


def _dots(series: dict[str, dict[Architecture, tuple[float, int]]]) -> tuple[drawing.Figure, Axes]:
    """A line for each architecture, a mark for each of ``series``: name -> architecture -> (x, reading)."""
    named = {architecture for values in series.values() for architecture in values}
    rows = [architecture for architecture in grid() if architecture in named]
    figure, (axes,) = drawing.new_figure(1.5 + 0.2 * len(rows))
    for (values, marker), solid in zip(
        zip(series.values(), _SERIES_MARKERS, strict=False), [True, *[False] * len(series)], strict=False
    ):
        for architecture, (x, index) in values.items():
            style = drawing.circle_style(drawing.WIDTHS[architecture.alpha], True)
            style |= {} if solid else {"facecolor": drawing.PAPER}
            drawing.mark(axes, x, rows.index(architecture), index, s=44, marker=marker, **style)
    names = [_short(architecture) for architecture in rows]
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


def _threads(board: Board, points: Sequence[Point]) -> list[Drawing]:
    """Speed-up over the fewest threads, a line for each architecture, a panel for each kind."""
    setting = headline_setting(point.reading for point in points)
    assert setting is not None
    runtime, fewest = setting
    lines: dict[str, dict[Architecture, dict[int, Point]]] = defaultdict(lambda: defaultdict(dict))
    for point in points:
        if point.reading.row["runtime"] == runtime:
            lines[point.kind][point.architecture][point.reading.row["threads"]] = point
    counts = sorted({threads for found in lines.values() for line in found.values() for threads in line})
    if len(counts) < 2:
        return []
    figure, all_axes = drawing.new_figure(3.6, 1, len(lines), sharey=True)
    for (kind, found), axes in zip(sorted(lines.items(), reverse=True), all_axes, strict=True):
        axes.plot(counts, [count / fewest for count in counts], color=drawing.MUTED, linewidth=1, linestyle=(0, (4, 3)))
        last = []
        for architecture, line in sorted(found.items()):
            if fewest not in line:
                continue
            known = sorted(line)
            ratios = [line[fewest].latency_ms / line[threads].latency_ms for threads in known]
            colour = drawing.WIDTHS[architecture.alpha]
            axes.plot(known, ratios, color=colour, linewidth=0.9, alpha=0.6)
            for threads, ratio in zip(known, ratios, strict=True):
                if threads != fewest:
                    style = {"s": 30, **drawing.circle_style(colour, True)}
                    drawing.mark(axes, threads, ratio, line[threads].index, **style)
            last.append(ratios[-1])
        axes.set_title(f"{kind}: median {median(last):.2f} times with {counts[-1]}" if last else kind)
        axes.set_xticks(counts)
        axes.set_xlim(counts[0] - 0.15, counts[-1] + 0.25)
        axes.set_xlabel("threads")
    all_axes[0].set_ylabel(f"times as fast as with {fewest}")
    drawing.width_legend(figure, _alphas(points))
    caption = f"{board.name}, {runtime}. Dashed: twice the threads, twice as fast. Small networks gain least."
    return [Drawing(f"threads-{board.slug}", "What more threads bring", caption, figure)]


def _panels(points: Sequence[Point]) -> list[_Panel]:
    """Measured points in a panel of their own; the published ones below, unless all were measured."""
    measured = [point for point in points if point.accuracy is not None]
    panels = [_Panel(True, measured)] if measured else []
    return panels if len(measured) == len(points) else [*panels, _Panel(False, list(points))]


def _panel_axes(panels: Sequence[_Panel]) -> tuple[drawing.Figure, list[Axes]]:
    return drawing.new_figure(4.3 if len(panels) == 1 else 7.2, len(panels), sharex=True)


def _finish_panel(axes: Axes, panel: _Panel, limits: tuple[float, float]) -> None:
    axes.set_title(f"Accuracy {_MEASURED}" if panel.measured else f"Accuracy {_PUBLISHED}")
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    heights = [panel.height(point) for point in panel.points]
    room = max(0.18 * (max(heights) - min(heights)), 0.01)
    axes.set_ylim(min(heights) - 1.3 * room, max(heights) + room)
    drawing.percent_axis(axes, "accuracy" if panel.measured else "top-1")


def _short(architecture: Architecture) -> str:
    """``0.50 160``: width and size."""
    return f"{architecture.alpha:.2f} {architecture.input_size}"


def _by_width(points: Iterable[Point]) -> dict[float, list[Point]]:
    lines: dict[float, list[Point]] = defaultdict(list)
    for point in sorted(points, key=lambda point: point.architecture.input_size):
        lines[point.architecture.alpha].append(point)
    return lines


def _alphas(points: Iterable[Point]) -> list[float]:
    found = {point.architecture.alpha for point in points}
    return [alpha for alpha in ALPHAS if alpha in found]


def _first_of_each(points: Iterable[Point]) -> list[Point]:
    """One point for each architecture and kind, one with a measured accuracy where there is one."""
    chosen: dict[tuple[Architecture, str], Point] = {}
    for point in points:
        known = chosen.setdefault((point.architecture, point.kind), point)
        if known.accuracy is None and point.accuracy is not None:
            chosen[point.architecture, point.kind] = point
    return list(chosen.values())


def _of(readings: Iterable[Reading], board: Board) -> list[Reading]:
    return [reading for reading in readings if reading.board.slug == board.slug]
