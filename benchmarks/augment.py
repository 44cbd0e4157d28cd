"""Augmentation: heads on the photos alone and on variants of them too, int8 and float32, same test photos."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from trainer.architectures import Architecture
from trainer.progress import Stages
from trainer.retrain import RetrainOptions, retrain
from trainer.split import SplitRatios

QUANTIZATIONS = ("float32", "int8")


def compare(
    image_dir: Path, architectures: list[Architecture], seeds: list[int], variants: int, cache: Path, stages: Stages
) -> list[dict[str, Any]]:
    """One row for each architecture and split: accuracies (0..1) of the files on the same 30 % of the photos.

    ``int8`` and ``float32`` come from the photos alone, ``int8_augmented`` and ``float32_augmented`` from
    ``variants`` variants of each training photo beside it.
    """
    rows = []
    for architecture in architectures:
        for seed in seeds:
            row: dict[str, Any] = {"architecture": architecture.name, "seed": seed}
            with tempfile.TemporaryDirectory() as scratch:
                plain = RetrainOptions(
                    image_dir=image_dir,
                    output=Path(scratch) / "model.tflite",
                    cache=cache,
                    architecture=architecture,
                    quantizations=QUANTIZATIONS,
                    ratios=SplitRatios(10, 30, seed),
                )
                for suffix, options in (("", plain), ("_augmented", dataclasses.replace(plain, augment=variants))):
                    for model in retrain(options, stages):
                        row["test_photos"] = model.evaluation.count
                        row[model.backbone.quantization + suffix] = round(model.evaluation.accuracy, 4)
            rows.append(row)
            stages.say(str(row))
    return rows


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each architecture: mean and standard deviation over the splits, in per cent."""
    lines = []
    for architecture in dict.fromkeys(row["architecture"] for row in rows):
        its_rows = [row for row in rows if row["architecture"] == architecture]
        parts = []
        for name in ("float32", "float32_augmented", "int8", "int8_augmented"):
            values = [100 * row[name] for row in its_rows]
            spread = stdev(values) if len(values) > 1 else 0.0
            parts.append(f"{name} {mean(values):.1f} ± {spread:.1f}")
        lines.append(f"{architecture}: {', '.join(parts)}")
    return lines
