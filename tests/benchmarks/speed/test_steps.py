"""The steps of training as a benchmark: which commands run, and what each finds cached."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.speed import steps
from benchmarks.speed.measured_process import Usage
from trainer.backbones.architectures import Architecture
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.progress import Progress


def test_steps_find_what_the_ones_before_them_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bottlenecks are forgotten before they are measured, and only then; fine-tuning comes last."""
    runs: list[tuple[str, bool, tuple[str, ...]]] = []

    def run_trainer(*arguments: str) -> Usage:
        if arguments[0] != "evaluate":
            cache = Path(arguments[arguments.index("--bottleneck-dir") + 1])
            runs.append((arguments[0], (cache / FILE_NAME).exists(), arguments[6:]))
            cache.mkdir(exist_ok=True)
            (cache / FILE_NAME).touch()
        return Usage(1.234, 5_000_000, 1.0)

    monkeypatch.setattr(steps, "run_trainer", run_trainer)
    rows = steps.measure(tmp_path, Architecture.parse("mobilenet_0.25_128"), 3, Progress())
    assert [(command, cached) for command, cached, _ in runs] == [
        ("retrain", False),
        ("bottlenecks", False),
        *[("retrain", True)] * 7,
    ]
    assert runs[-1][2][-2:] == ("--fine-tune", "3")
    assert [row["step"] for row in rows][-3:] == [
        "evaluate --report",
        "retrain --fine-tune 3",
        "retrain --fine-tune 3, all cached",
    ]
    assert rows[0] == {"step": "retrain, nothing cached", "seconds": 1.23, "peak_memory_bytes": 5_000_000}


def test_no_epochs_leave_fine_tuning_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 0 epochs the last step is the report of a finished file."""
    monkeypatch.setattr(steps, "run_trainer", lambda *arguments: Usage(1.0, 1, 1.0))
    rows = steps.measure(tmp_path, Architecture.parse("mobilenet_0.25_128"), 0, Progress())
    assert rows[-1]["step"] == "evaluate --report"
