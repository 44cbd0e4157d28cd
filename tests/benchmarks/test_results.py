"""Result files name their machine, and say how noisy it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.results import save_results


def test_a_noisy_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that compare make a summary in the file, and a line on stderr."""
    path = save_results("peers", "python -m benchmarks peers", [{"noisy": True}], tmp_path)
    assert json.loads(path.read_text())["noise"] == {"comparisons": 1, "noisy": 1, "too_noisy": True}
    assert capsys.readouterr().err.startswith("the machine was too noisy: 1 of 1 comparisons")
    quiet = save_results("accuracy", "python -m benchmarks accuracy", [{"accuracy": 0.9}], tmp_path)
    assert "noise" not in json.loads(quiet.read_text())
    assert capsys.readouterr().err == ""
