"""Where the time of a cold ``trainer retrain`` goes: seconds of the clock and of the processors for each stage."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from trainer.backbones.architectures import Architecture
from trainer.progress import Progress, Stage
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

START = "start and imports"


class _Mark(NamedTuple):
    """When a stage began: seconds of the clock, and those of the processors that the process has used."""

    name: str
    clock_s: float
    processor_s: float


def measure(
    image_dir: Path, architecture: Architecture, rounds: int, weights: str | None = None
) -> list[dict[str, Any]]:
    """One row for each stage, in their order, with the seconds in each of ``rounds`` processes.

    They find nothing cached. A stage lasts until the next one begins, so that its row has what lies between them too.
    ``weights`` is the value of ``--weights``.
    """
    runs = [_stages(image_dir, architecture, weights) for _ in range(rounds)]
    rows = []
    for same in zip(*runs, strict=True):
        row: dict[str, Any] = {"architecture": architecture.name, "stage": same[0]["stage"]}
        for unit in ("seconds", "processor_seconds"):
            row[unit] = [round(stage[unit], 2) for stage in same]
        rows.append(row)
    return rows


def _stages(image_dir: Path, architecture: Architecture, weights: str | None) -> list[dict[str, Any]]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "benchmarks.speed.stages", str(image_dir), architecture.name, scratch]
        given = [] if weights is None else [weights]
        child = subprocess.run(
            [*command, str(time.monotonic()), *given], stdout=subprocess.PIPE, text=True, check=True, env=environment
        )
    found: list[dict[str, Any]] = json.loads(child.stdout.splitlines()[-1])
    return found


def _retrain(image_dir: str, architecture: str, scratch: str, started: str, weights: str | None = None) -> None:
    """Retrain in this process, which began at ``started`` of the monotonic clock, and print its stages as JSON."""
    marks = [_Mark(START, float(started), 0.0)]

    def note(stage: Stage) -> None:
        if stage.name != marks[-1].name:
            marks.append(_Mark(stage.name, time.monotonic(), time.process_time()))

    output, cache = Path(scratch) / "model.tflite", Path(scratch) / "cache"
    options = RetrainOptions(Path(image_dir), output, cache, Architecture.parse(architecture), weights=weights)
    retrain_all(options, Progress(note))
    marks.append(_Mark("", time.monotonic(), time.process_time()))
    stages = [
        {
            "stage": mark.name,
            "seconds": after.clock_s - mark.clock_s,
            "processor_seconds": after.processor_s - mark.processor_s,
        }
        for mark, after in itertools.pairwise(marks)
    ]
    print(json.dumps(stages))


if __name__ == "__main__":
    _retrain(*sys.argv[1:])
