"""The split that accuracies are measured on: 30 % of the photos are for the test, 10 % for validation."""

from __future__ import annotations

from pathlib import Path

from trainer.backbones.architectures import Architecture
from trainer.photos.split import SplitRatios
from trainer.retraining.options import RetrainOptions


def thirty_percent(seed: int) -> SplitRatios:
    """The split number ``seed``."""
    return SplitRatios(10, 30, seed)


def retrain_options(
    image_dir: Path, scratch: str, cache: Path, architecture: Architecture, seed: int, quantizations: tuple[str, ...]
) -> RetrainOptions:
    """Retrain on split number ``seed`` and write the files of ``quantizations`` into the folder ``scratch``."""
    return RetrainOptions(
        folder=image_dir,
        output=Path(scratch) / "model.tflite",
        bottleneck_dir=cache,
        architecture=architecture,
        quantizations=quantizations,
        ratios=thirty_percent(seed),
        unknown=None,
    )
