"""The report: bench files of one or several boards become figures and one self-contained page."""

from __future__ import annotations

from pathlib import Path

from benchmarks.board_report.drawing import Drawing, common_style, to_png, to_svg
from benchmarks.board_report.figures import draw_all
from benchmarks.board_report.inline_svg import inline_svg
from benchmarks.board_report.measurements import Measurement, read_boards, read_measurements
from benchmarks.board_report.page import PageFigure, describe, render_page
from edge.files import write_whole

PAGE_NAME = "report.html"

_TALL_INCHES = 6.0


def write_report(bench_files: list[Path], folder: Path) -> list[Path]:
    """Write figures (PNG and SVG) and ``report.html`` into ``folder``; returns the paths, the page first.

    The same files give the same bytes. Raises :class:`~edge.errors.DataError` if a file is not a bench file of
    this schema version or nothing was measured, :class:`~edge.errors.UsageError` if no file is given, and
    :class:`~edge.errors.StorageError` if ``folder`` cannot be written.
    """
    boards = read_boards(bench_files)
    measurements = read_measurements(boards)
    page = folder / PAGE_NAME
    written = [page]
    figures = []
    with common_style():
        for drawing in draw_all(boards, measurements):
            for suffix, content in ((".png", to_png(drawing.figure)), (".svg", to_svg(drawing.figure))):
                path = folder / f"{drawing.name}{suffix}"
                write_whole(path, content)
                written.append(path)
            figures.append(_for_page(drawing, measurements, alone=len(boards) == 1))
    write_whole(page, render_page(boards, measurements, figures).encode())
    return written


def _for_page(drawing: Drawing, measurements: list[Measurement], alone: bool) -> PageFigure:
    """The figure for the page; that of a lone board may stand beside two smaller ones."""
    svg = to_svg(drawing.figure, as_text=True)
    element = inline_svg(svg, drawing.name, drawing.title, lambda index: describe(measurements[index]))
    return PageFigure(
        drawing.title, drawing.caption, element, tall=alone and drawing.figure.get_figheight() > _TALL_INCHES
    )
