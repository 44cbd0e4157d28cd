"""Training time: ours cold, warm and against decoding and inference alone; and a plain Keras script."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pairs import pairs
from benchmarks.speed.keras_script import run_script
from benchmarks.speed.lower_bound import decode_s, inference_s
from benchmarks.speed.measured_process import run_trainer
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.photos.split import TEST, TRAINING
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained


def compare(
    image_dir: Path, architecture: Architecture, rounds: int, keras: bool, progress: Progress
) -> dict[str, Any]:
    """Seconds of ``trainer retrain`` as a process, and of what it is measured against, alternating.

    ``first_s`` has nothing cached (TensorFlow builds the backbone), ``cold_s`` has the backbone, ``second_s`` has
    everything. ``floor_s`` is decoding and int8 inference of the same photos alone.
    """
    with tempfile.TemporaryDirectory() as scratch:
        cache, output = Path(scratch) / "cache", Path(scratch) / "model.tflite"
        options = RetrainOptions(image_dir, output, cache, architecture)
        first = _process_s(options)
        model = retrain_all(options, progress)[0]
        (backbone,) = load_backbones(cache, architecture, None, ("int8",))
        paths = [photo.path for photo in model.dataset.photos]
        cold, second, floor = [], [], []
        with progress.stage("rounds", rounds) as advance:
            for _ in range(rounds):
                for path in cache.glob(f"{FILE_NAME}*"):
                    path.unlink()
                cold.append(_process_s(options))
                second.append(_process_s(options))
                floor.append(decode_s(paths, backbone.model.input_size) + inference_s(backbone.model, paths))
                advance(1)
        row: dict[str, Any] = {
            "architecture": architecture.name,
            "photos": len(paths),
            "test_accuracy": round(model.evaluation.accuracy, 4),
            "first_s": round(first, 2),
            "cold_s": [round(seconds, 2) for seconds in cold],
            "second_s": [round(seconds, 2) for seconds in second],
            "floor_s": [round(seconds, 2) for seconds in floor],
            "cold_to_floor": round(median(cold) / median(floor), 2),
            "second_to_first": round(median(second) / first, 3),
            **pairs(cold, floor).as_json(),
        }
        if keras:
            with progress.stage("Keras script"):
                row["keras"] = _keras(model)
        shutil.rmtree(cache)
        return row


def _process_s(options: RetrainOptions) -> float:
    command = ["retrain", str(options.folder), "--architecture", options.architecture.name]
    command += ["--output", str(options.output), "--bottleneck-dir", str(options.bottleneck_dir)]
    return run_trainer(*command).seconds


def _keras(model: Retrained) -> dict[str, Any]:
    index = {label: i for i, label in enumerate(model.dataset.labels)}
    splits = {
        split: [(str(photo.path), index[photo.label]) for photo in model.dataset.of(split)]
        for split in (TRAINING, TEST)
    }
    result: dict[str, Any] = json.loads(run_script("keras_transfer", model.backbone, text=json.dumps(splits)))
    return {name: round(value, 4) for name, value in result.items()}
