"""Does the report find wrong labels? Labels are changed at random; the first ones in the report's list are counted."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any

from trainer.backbones.architectures import Architecture
from trainer.photos.folder import list_photos
from trainer.progress import Progress
from trainer.report.content import training_content
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

FIRST = (24, 50, 100, 200)
"""How many of the first photos in the list are counted; 24 are those with thumbnails."""


def measure(
    image_dir: Path, architecture: Architecture, share: float, seeds: int, cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """Flip the labels of ``share`` (0..1) of the photos with each of ``seeds`` seeds and retrain with a report.

    Each row has how many photos were flipped, how many of the first photos in the list are among them, and how
    many label errors the report estimates.
    """
    rows = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as scratch:
            flipped = flip_labels(image_dir, Path(scratch) / "photos", share, seed)
            options = RetrainOptions(
                folder=Path(scratch) / "photos",
                output=Path(scratch) / "model.tflite",
                bottleneck_dir=cache,
                architecture=architecture,
                cross_validate=True,
                unknown=None,
            )
            (model,) = retrain_all(options, progress)
            doubtful = training_content(model, []).doubtful_labels
        found = [entry.photo.relative in flipped for entry in doubtful.ranked]
        rows.append(
            {
                "architecture": architecture.name,
                "seed": seed,
                "photos": doubtful.photos,
                "flipped": len(flipped),
                "estimated": doubtful.likely_errors,
                "listed": len(found),
                **{f"flipped_of_first_{count}": sum(found[:count]) for count in FIRST},
                "flipped_of_listed": sum(found),
            }
        )
    return rows


def flip_labels(image_dir: Path, folder: Path, share: float, seed: int) -> set[str]:
    """Link the photos of ``image_dir`` into ``folder``, ``share`` of them into another class's folder.

    Returns the relative paths of those.
    """
    found = list_photos(image_dir)
    dice = random.Random(seed)
    wrong = set(dice.sample(range(len(found.files)), round(share * len(found.files))))
    flipped = set()
    for place, file in enumerate(found.files):
        others = [label for label in found.labels if label != file.label]
        label = dice.choice(others) if place in wrong else file.label
        target = folder / label / f"{place:05d}-{file.path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(file.path.resolve(), target)
        if place in wrong:
            flipped.add(target.relative_to(folder).as_posix())
    return flipped
