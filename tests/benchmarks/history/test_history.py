"""Result files become series over dates, and series become a page."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.history.page import render_history, write_history
from benchmarks.history.series import Key, read_series
from benchmarks.results import FOLDER
from edge.errors import DataError
from support.waits import error_of


def _file(folder: Path, date: str, rows: list[dict[str, Any]], benchmark: str = "peers") -> Path:
    path = folder / f"a-board-2core-{date}-{benchmark}.json"
    path.write_text(json.dumps({"rows": rows}))
    return path


def test_figures_of_a_row_are_followed_over_dates(tmp_path: Path) -> None:
    """A row is known by its texts and threads; a list counts as its median; the newest date is the last point."""
    row = {
        "peer": "ours",
        "threads": 2,
        "sha256": "ab",
        "seconds": [3.0, 1.0, 2.0],
        "cold_s": {"ours": [4]},
        "ok": True,
    }
    files = [
        _file(tmp_path, "2026-11-27", [{**row, "sha256": "cd", "seconds": [2.2]}]),
        _file(tmp_path, "2026-11-23", [row]),
    ]
    by_key = {one.key: one for one in read_series(files)}
    machine = "a-board-2core"
    seconds = by_key[Key(machine, "peers", "ours, threads 2", "seconds")]
    assert seconds.points == [("2026-11-23", 2.0), ("2026-11-27", 2.2)]
    assert seconds.change == pytest.approx(0.1) and seconds.notable
    assert by_key[Key(machine, "peers", "ours, threads 2", "cold_s.ours")].change == 0.0
    assert {key.figure for key in by_key} == {"threads", "seconds", "cold_s.ours"}


def test_rows_of_one_name_stay_apart(tmp_path: Path) -> None:
    """The second one has a number."""
    series = read_series([_file(tmp_path, "2026-11-23", [{"s": 1.0}, {"s": 2.0}])])
    assert [one.key.row for one in series] == ["all", "all #2"]


def test_a_change_stands_out(tmp_path: Path) -> None:
    """The page opens what changed by 5 % or more, folds the rest, and names what was measured once."""
    old, new = {"peer": "<b>", "slow_s": 1.0, "same_s": 1.0}, {"peer": "<b>", "slow_s": 1.06, "same_s": 1.04}
    files = [_file(tmp_path, "2026-11-23", [old]), _file(tmp_path, "2026-11-24", [new])]
    files.append(_file(tmp_path, "2026-11-24", [old], "once"))
    page = render_history(read_series(files))
    assert page.count('<tr class="notable">') == 1 and "+6.0 %" in page
    assert "1 figures that changed by less than 5 %" in page
    assert "Measured once: once." in page
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert page == render_history(read_series(files))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"rows": 3}', '{"rows": [1]}', f'{{"rows": [{{"a": 1{"0" * 400}}}]}}']
)
def test_files_that_are_no_results(content: str, tmp_path: Path) -> None:
    """Named in one line."""
    path = tmp_path / "a-2026-11-23-b.json"
    path.write_text(content)
    with pytest.raises(DataError, match="not a result file"):
        read_series([path])
    with pytest.raises(DataError, match="no result files"):
        read_series([tmp_path / "other.json"])


def test_our_own_files(tmp_path: Path) -> None:
    """All files of benchmarks/results are read."""
    path = write_history(read_series(FOLDER.glob("*.json")), tmp_path)
    assert "<h2>" in path.read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on Windows")
def test_a_result_file_that_is_a_pipe(tmp_path: Path) -> None:
    """It is one line at once: the command does not wait for a writer."""
    path = tmp_path / "board-2026-01-01-watch.json"
    os.mkfifo(path)
    assert "cannot read the results (a device, a pipe or a socket" in str(error_of(lambda: read_series([path])))
