"""What the figures are drawn from: the front, the setting that stands for a board, labels that keep apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.bench_files import row, whole_grid, write_bench

pytest.importorskip("matplotlib")

from benchmarks.board_report import drawing
from benchmarks.board_report.figures import draw_all, pareto_front
from benchmarks.board_report.labelling import Label, place_labels
from benchmarks.board_report.measurements import (
    Board,
    Measurement,
    headline_setting,
    main_quantization,
    plotted_points,
    read_boards,
    read_measurements,
)


def loaded(path: Path, rows: list[dict[str, object]]) -> tuple[list[Board], list[Measurement]]:
    """The boards and measurements of one bench file with ``rows``."""
    boards = read_boards([write_bench(path / "board.json", rows)])
    return boards, read_measurements(boards)


@pytest.mark.parametrize(
    ("points", "front"),
    [
        ([(1, 0.5)], [0]),
        ([(2, 0.6), (1, 0.5), (3, 0.55), (4, 0.9)], [1, 0, 3]),
        ([(1, 0.5), (1, 0.6)], [1]),
        ([(1, 0.6), (2, 0.6)], [0]),
        ([], []),
    ],
)
def test_pareto_front_keeps_what_nothing_beats(points: list[tuple[float, float]], front: list[int]) -> None:
    """Cheapest first; of equally good points the cheaper one, of equally cheap ones the better."""
    assert pareto_front(points) == front


def test_headline_is_the_preferred_runtime_with_the_fewest_threads(tmp_path: Path) -> None:
    """LiteRT before tflite-runtime, one thread before four; an unknown runtime comes last."""
    _, measurements = loaded(tmp_path, whole_grid((4, 1), ("tflite-runtime", "litert")))
    assert headline_setting(measurements) == ("litert", 1)
    old = [measurement for measurement in measurements if measurement.row["runtime"] == "tflite-runtime"]
    assert headline_setting(old) == ("tflite-runtime", 1)
    assert headline_setting([]) is None
    assert len(plotted_points(measurements, ("litert", 1))) == 32


def test_rows_with_a_delegate_are_left_out(tmp_path: Path) -> None:
    """The report compares processors: a row that a delegate helped to compute is not in it."""
    _, measurements = loaded(tmp_path, [row(), row(delegate="libx.so", p50_ms=0.1)])
    assert [measurement.row["delegate"] for measurement in measurements] == [None]


def test_main_kind_is_int8_where_there_is_one(tmp_path: Path) -> None:
    """Figures of one quantization show what is shipped; without int8 the next of the known quantizations."""
    _, measurements = loaded(tmp_path, [row(quantization="float16"), row(quantization="float32")])
    assert main_quantization(plotted_points(measurements)) == "float32"
    _, measurements = loaded(tmp_path, whole_grid((1,)))
    assert main_quantization(plotted_points(measurements)) == "int8"


def test_measured_and_published_accuracies_never_share_an_axis(tmp_path: Path) -> None:
    """No accuracy: one published panel. Some: two panels. All: one measured panel."""
    panels = {}
    for name, accuracy in (("none", None), ("some", 0.9), ("all", 0.9)):
        rows = whole_grid((1,), ("litert",), lambda p, a=accuracy, n=name: a if n == "all" or p.alpha == 1.0 else None)
        with drawing.common_style():
            figure = draw_all(*loaded(tmp_path, rows))[0].figure
        panels[name] = [axes.get_title(loc="left") for axes in figure.axes]
    measured = "Accuracy measured on the test photos"
    published = "Accuracy published: ImageNet top-1 of the 1001-class original"
    assert panels == {"none": [published], "some": [measured, published], "all": [measured]}


def test_figures_that_need_two_of_something_are_left_out(tmp_path: Path) -> None:
    """One quantization has nothing to be compared with, and one thread count scales nowhere."""
    rows = [made for made in whole_grid((1,), ("litert",)) if made["quantization"] == "int8"]
    with drawing.common_style():
        names = [made.name for made in draw_all(*loaded(tmp_path, rows))]
    assert names == ["accuracy-macs", "accuracy-latency-board", "pareto-board"]


def placed(labels: list[Label], sides: str) -> dict[str, tuple[int, int]]:
    """Text -> direction (right, up) of the labels that were written into axes of 10 x 10."""
    with drawing.common_style():
        _, (axes,) = drawing.new_figure(3)
        axes.set_xlim(0, 10)
        axes.set_ylim(0, 10)
        place_labels(axes, labels, sides)
    return {t.get_text(): (round(np.sign(t.xyann[0])), round(np.sign(t.xyann[1]))) for t in axes.texts}


def test_labels_keep_apart_or_are_left_out() -> None:
    """Of three labels at one place two find a side that is free, and the third is not written."""
    assert placed([Label(5, 5, text, 3) for text in ("one", "two", "three")], "ab") == {"one": (0, 1), "two": (0, -1)}


def test_labels_avoid_other_marks_and_the_frame() -> None:
    """Below lies another mark, so the label goes above; at the left edge it goes right; a large mark holds it."""
    assert placed([Label(5, 5, "160", 3), Label(5, 4.3, "", 3)], "ba")["160"] == (0, 1)
    assert placed([Label(0.1, 5, "160", 3)], "lr") == {"160": (1, 0)}
    assert placed([Label(5, 5, "160", 12)], "ib") == {"160": (0, 0)}
    assert placed([Label(5, 5, "160", 4)], "ib") == {"160": (0, -1)}


def test_circle_area_follows_the_size() -> None:
    """Half the bytes, half the area; a tiny file still can be seen."""
    largest = drawing.circle_area(4.0, 4.0)
    assert drawing.circle_area(2.0, 4.0) == largest / 2
    assert drawing.circle_area(0.001, 4.0) == drawing.SMALLEST_CIRCLE
