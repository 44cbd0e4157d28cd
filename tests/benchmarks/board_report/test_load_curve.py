"""Minutes under load in the report: drawn, said on the card, and refused if they are damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.errors import DataError
from support.bench_files import row, write_bench
from support.report_page import Page
from support.standard_files import standard_results

pytest.importorskip("matplotlib")

from benchmarks.board_report.load_curve import under_load
from benchmarks.board_report.measurements import Board
from benchmarks.board_report.summary import board_card
from benchmarks.board_report.write import write_report


def test_minutes_under_load_are_drawn() -> None:
    """A file of the standard set has one more figure; the card says what the load did, and the energy."""
    boards = [Board("Raspberry Pi 5", "pi-5", standard_results())]
    (drawn,) = under_load(boards)
    times, degrees = (axes.lines[0].get_ydata() for axes in drawn.figure.axes)
    assert (len(times), times[0], round(times[-1], 2), degrees[-1]) == (60, 1.0, 1.1, 85.0)
    words = Page(board_card(boards[0], [])).words
    assert "Under load the board became 10.0 % slower." in words
    assert "6.50 W, 32.1 mJ an inference" in words
    assert under_load([Board("Raspberry Pi 5", "pi-5", {"rows": []})]) == []


@pytest.mark.parametrize("soak", [1, {}, {"error": None, "windows": []}, {"error": None, "windows": [{"seconds": 1}]}])
def test_a_damaged_load_is_refused(tmp_path: Path, soak: Any) -> None:
    """As any other damage of a file."""
    with pytest.raises(DataError, match="the results are damaged"):
        write_report([write_bench(tmp_path / "board.json", [row()], soak=soak)], tmp_path)
