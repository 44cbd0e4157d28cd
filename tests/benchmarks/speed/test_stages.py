"""Where the time of a cold retrain goes: every stage in its order, and together the whole process."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.speed.stages import START, measure
from trainer.backbones.architectures import Architecture
from trainer.photos.drawn_flowers import draw_flower_folder


def test_stages_make_up_the_whole(tmp_path: Path) -> None:
    """Two processes: the stages of each follow each other without a gap, from its start to the finished file."""
    list(draw_flower_folder(tmp_path, 6, size=64))
    started = time.monotonic()
    rows = measure(tmp_path, Architecture.parse("mobilenet_0.25_128"), 2, weights="random")
    whole = time.monotonic() - started
    assert [row["stage"] for row in rows] == [
        START,
        "backbone",
        "bottlenecks int8",
        "groups",
        "head",
        "rest of the world",
        "evaluation",
    ]
    assert all(len(row[unit]) == 2 for row in rows for unit in ("seconds", "processor_seconds"))
    assert 0 < sum(sum(row["seconds"]) for row in rows) <= whole + 0.1
    assert sum(sum(row["processor_seconds"]) for row in rows) > 0
