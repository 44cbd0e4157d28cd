"""The cold start is measured with real processes."""

from __future__ import annotations

import pytest

from benchmarks.speed import cold_start
from benchmarks.speed.instructions import Instructions
from trainer.progress import Progress


def test_seconds_and_instructions_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both run in turn; the instructions are those of the two commands."""
    counts = {True: Instructions(300, "perf"), False: Instructions(200, "perf")}
    monkeypatch.setattr(cold_start, "count_instructions", lambda command: counts["label" in command])
    (row,) = cold_start.compare(1, True, Progress())
    assert len(row["ours_s"]) == len(row["floor_s"]) == 1
    assert row["ratio"] == pytest.approx(row["ours_s"][0] / row["floor_s"][0], rel=0.01)
    assert (row["instructions"], row["floor_instructions"], row["instruction_ratio"]) == (300, 200, 1.5)
    assert row["counter"] == "perf"


def test_a_machine_that_cannot_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fields are there and empty."""
    monkeypatch.setattr(cold_start, "count_instructions", lambda command: None)
    monkeypatch.setattr(cold_start, "_run_s", lambda command: 2.0 if "label" in command else 1.0)
    (row,) = cold_start.compare(2, True, Progress())
    assert (row["ratio"], row["noisy"], row["instructions"], row["instruction_ratio"]) == (2.0, False, None, None)
