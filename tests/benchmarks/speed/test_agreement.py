"""Two programs are compared round by round."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.speed import agreement
from edge.errors import ConfigurationError
from trainer.progress import Progress


def test_each_round_has_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row for each file and number of threads, with the ratio of the rounds, and both begin equally often."""
    order: list[str] = []
    monkeypatch.setattr(agreement, "POINTS", ("mobilenet_0.25_128",))
    monkeypatch.setattr(agreement, "_ours_ms", lambda *_: order.append("ours") or 0.98)
    monkeypatch.setattr(agreement, "_tool_ms", lambda *_: order.append("tool") or 1.0)
    rows = agreement.compare(2, 0.1, [1], Progress())
    assert [row["model"] for row in rows] == ["mobilenet_0.25_128-int8.tflite", "mobilenet_0.25_128-float32.tflite"]
    assert (rows[0]["ours_ms"], rows[0]["tool_ms"]) == ([0.98, 0.98], [1.0, 1.0])
    assert (rows[0]["ours_to_tool"], rows[0]["noisy"]) == (0.98, False)
    assert order[:5] == ["ours", "ours", "tool", "tool", "ours"]


def test_a_tool_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is said what to install."""
    monkeypatch.setattr(agreement, "TOOL", "no_such_module")
    with pytest.raises(ConfigurationError, match="litert-benchmark cannot be run"):
        agreement._tool_ms(tmp_path / "m.tflite", 1, 1)
