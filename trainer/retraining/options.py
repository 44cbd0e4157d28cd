"""What ``retrain`` is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from trainer.backbones.architectures import DEFAULT_ARCHITECTURE, DEFAULT_QUANTIZATIONS, Architecture
from trainer.fine_tuning.recipe import Recipe
from trainer.head.fit import DEFAULT_STEPS
from trainer.photos.split import SplitRatios

DEFAULT_PRECISION = 0.95
"""Share of right answers that the recommended threshold aims at."""


@dataclass(frozen=True)
class RetrainOptions:
    """What ``trainer retrain`` is told; ``output`` names the file, or with several kinds the files' stem.

    ``balance`` weights the photos so that classes count alike, ``precision`` is what the recommended threshold
    aims at, ``cross_validate`` judges with every photo too, and ``augment`` is how many variants of each training
    photo the head is fitted on beside the photo itself.
    With a ``recipe`` the backbone is fine-tuned first.
    """

    image_dir: Path
    output: Path
    cache: Path
    architecture: Architecture = DEFAULT_ARCHITECTURE
    quantizations: tuple[str, ...] = DEFAULT_QUANTIZATIONS
    weights: str | None = None
    ratios: SplitRatios = field(default_factory=SplitRatios)
    training_steps: int = DEFAULT_STEPS
    summaries_dir: Path | None = None
    runtime: str | None = None
    balance: bool = False
    precision: float = DEFAULT_PRECISION
    cross_validate: bool = False
    augment: int = 0
    recipe: Recipe | None = None


def output_paths(output: Path, quantizations: tuple[str, ...]) -> list[Path]:
    """Where each kind goes: ``output`` itself for one, ``output-KIND.tflite`` for each of several."""
    if len(quantizations) == 1:
        return [output]
    return [output.with_name(f"{output.stem}-{kind}{output.suffix or '.tflite'}") for kind in quantizations]
