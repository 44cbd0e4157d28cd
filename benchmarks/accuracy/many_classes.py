"""Hundreds of classes that look alike: int8 and float32 files, on both interpreters, against their heads in floats."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from PIL import Image

from edge.inference.interpreter import RUNTIMES, installed_runtimes
from edge.modelfile.model_file import ModelFile
from trainer.backbones.architectures import Architecture
from trainer.evaluation.evaluate import evaluate_photos
from trainer.groups.modes import GROUPS_OFF
from trainer.photos.split import TEST, SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

QUANTIZATIONS = ("int8", "float32")
SHOTS = 4
"""Drawn photos of each class."""

_TILES = 4
_PIXELS = 160
_VARIATION = 25  # of a tile's red, green and blue between two photos of a class, 0 to 255


def draw_parts(folder: Path, classes: int) -> None:
    """Draw :data:`SHOTS` photos of each of ``classes`` parts into ``folder``: mosaics of sixteen colours that vary."""
    random = np.random.default_rng(7)
    for number in range(classes):
        tiles = random.integers(0, 256, (_TILES, _TILES, 3))
        own = folder / f"part{number:03}"
        own.mkdir(parents=True)
        for shot in range(SHOTS):
            shown = tiles + random.integers(-_VARIATION, _VARIATION + 1, tiles.shape)
            picture = Image.fromarray(shown.clip(0, 255).astype(np.uint8))
            picture.resize((_PIXELS, _PIXELS), Image.Resampling.NEAREST).save(own / f"{shot}.png")


def measure(
    architecture: Architecture, counts: list[int], seeds: list[int], cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each number of classes, split and quantization: accuracies (0..1) on the same test photos.

    ``head_in_floats`` is that of the head on the bottlenecks of the quantization's own artifact, and each installed
    runtime has that of the file.
    """
    rows = []
    for classes in counts:
        with tempfile.TemporaryDirectory() as scratch:
            draw_parts(Path(scratch) / "photos", classes)
            for seed in seeds:
                options = RetrainOptions(
                    folder=Path(scratch) / "photos",
                    output=Path(scratch) / "parts.tflite",
                    bottleneck_dir=cache,
                    architecture=architecture,
                    quantizations=QUANTIZATIONS,
                    ratios=SplitRatios(seed=seed),
                    groups=GROUPS_OFF,
                    unknown=None,
                )
                for model in retrain_all(options, progress):
                    loaded, photos = ModelFile.load(model.path), model.dataset.of(TEST)
                    row = {
                        "architecture": architecture.name,
                        "classes": classes,
                        "seed": seed,
                        "quantization": model.backbone.quantization,
                        "test_photos": len(photos),
                        "head_in_floats": round(model.promised_accuracy, 4),
                    }
                    for runtime in installed_runtimes():
                        row[runtime] = round(evaluate_photos(loaded, photos, runtime=runtime).accuracy, 4)
                    rows.append(row)
                    progress.message(str(row))
    return rows


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each number of classes and quantization: means over the splits, in per cent."""
    lines = []
    for classes, quantization in dict.fromkeys((row["classes"], row["quantization"]) for row in rows):
        of_both = [row for row in rows if (row["classes"], row["quantization"]) == (classes, quantization)]
        figures = ["head_in_floats", *(name for name in RUNTIMES if name in of_both[0])]
        means = ", ".join(f"{name} {100 * mean(row[name] for row in of_both):.1f} %" for name in figures)
        lines.append(f"{classes} classes, {quantization}: {means}")
    return lines
