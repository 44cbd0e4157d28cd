"""Time and peak memory of each step of training, every step a command of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speed.measured_process import run_trainer
from trainer.backbones.architectures import Architecture
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.progress import Progress

COPIES = 4


def measure(image_dir: Path, architecture: Architecture, epochs: int, progress: Progress) -> list[dict[str, Any]]:
    """One row for each step, in an order in which each finds cached what the ones before it computed.

    Photos are split as ``trainer retrain`` does of itself. ``epochs`` are those of the fine-tuning, which is skipped
    if 0. ``peak_memory_bytes`` is that of the largest process.
    """
    with tempfile.TemporaryDirectory() as scratch:
        cache, model = Path(scratch) / "cache", Path(scratch) / "model.tflite"
        place = ["--architecture", architecture.name, "--bottleneck-dir", str(cache)]
        retrain = ["retrain", str(image_dir), "--output", str(model), *place]
        steps: list[tuple[str, list[str]]] = [
            ("retrain, nothing cached", retrain),
            ("bottlenecks, backbone cached", ["bottlenecks", str(image_dir), *place]),
            ("retrain, all cached", retrain),
            (f"retrain --augment {COPIES}", [*retrain, "--augment", str(COPIES)]),
            (f"retrain --augment {COPIES}, all cached", [*retrain, "--augment", str(COPIES)]),
            ("retrain --cross-validate", [*retrain, "--cross-validate"]),
            ("retrain --report", [*retrain, "--report"]),
            ("evaluate --report", ["evaluate", str(model), str(image_dir), "--report"]),
        ]
        if epochs:
            tune = [*retrain, "--fine-tune", str(epochs)]
            steps += [(f"retrain --fine-tune {epochs}", tune), (f"retrain --fine-tune {epochs}, all cached", tune)]
        rows = []
        with progress.stage("steps", len(steps)) as advance:
            for name, arguments in steps:
                if arguments[0] == "bottlenecks":
                    for path in cache.glob(f"{FILE_NAME}*"):
                        path.unlink()
                seconds, peak, _ = run_trainer(*arguments)
                rows.append({"step": name, "seconds": round(seconds, 2), "peak_memory_bytes": peak})
                progress.message(str(rows[-1]))
                advance(1)
    return rows
