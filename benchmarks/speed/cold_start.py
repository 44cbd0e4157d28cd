"""The cold start: ``edge label`` of one photo as a process, against a process that only imports numpy and Pillow."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pairs import pairs
from benchmarks.speed.instructions import count_instructions
from edge.bench.photo import draw_photo
from edge.bench.standard.points import standard_content
from trainer.progress import Progress

MODEL = "mobilenet_0.25_128-int8.tflite"
"""The smallest file of the standard set: what is left is the start."""

_CLASSES = 1001
FLOOR = (sys.executable, "-c", "import numpy, PIL.Image")
"""What no program of this kind can do without."""


def compare(rounds: int, counted: bool, progress: Progress) -> list[dict[str, Any]]:
    """One row: seconds of both in ``rounds`` in turn, the ratio, and, if ``counted``, the instructions of both.

    ``instructions`` and ``instruction_ratio`` are None if nothing on this machine can count them.
    """
    with tempfile.TemporaryDirectory() as folder, progress.stage("cold start", rounds) as advance:
        command = label_command(Path(folder))
        ours, floor = [], []
        _run_s(command), _run_s(FLOOR)  # files come from the disk once
        for number in range(rounds):
            for ours_now in (number % 2 == 0, number % 2 == 1):
                (ours if ours_now else floor).append(_run_s(command if ours_now else FLOOR))
            advance(1)
        compared = pairs(ours, floor)
        row: dict[str, Any] = {
            "what": "edge label, one photo, against importing numpy and Pillow",
            "model": MODEL,
            "ours_s": [round(s, 4) for s in ours],
            "floor_s": [round(s, 4) for s in floor],
            "median_s": round(median(ours), 4),
            "ratio": round(compared.ratio, 3),
            **compared.as_json(),
        }
        if counted:
            row |= _counted(command)
    return [row]


def label_command(folder: Path) -> list[str]:
    """A command that labels a drawn photo with the model :data:`MODEL`; both lie in ``folder`` afterwards."""
    model, labels, photo = folder / MODEL, folder / "labels.txt", folder / "photo.jpg"
    model.write_bytes(standard_content(MODEL))
    labels.write_text("".join(f"class {number}\n" for number in range(_CLASSES)))
    photo.write_bytes(draw_photo())
    return [sys.executable, "-m", "edge", "label", "--model", str(model), "--labels", str(labels), str(photo)]


def _counted(command: Sequence[str]) -> dict[str, Any]:
    ours = count_instructions(command)
    floor = count_instructions(FLOOR) if ours else None
    if ours is None or floor is None:
        return {"instructions": None, "floor_instructions": None, "instruction_ratio": None, "counter": None}
    return {
        "instructions": ours.count,
        "floor_instructions": floor.count,
        "instruction_ratio": round(ours.count / floor.count, 3),
        "counter": ours.counter,
    }


def _run_s(command: Sequence[str]) -> float:
    # An installed package has its bytecode. Without it, to compile the modules would be a part of what is measured.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - started
