"""Calibration: the scores of the exported files against the share of right labels, and the threshold."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.splits import retrain_options
from trainer.backbones.architectures import Architecture
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import load_labelled
from trainer.fine_tuning.recipe import Recipe
from trainer.head.calibration import calibration_error, reliability
from trainer.head.linear import Matrix, softmax
from trainer.progress import Progress
from trainer.report.measures import scored_photos
from trainer.retraining.retrain_all import retrain_all


class SplitScores(NamedTuple):
    """The scores (photos, labels) of one split's test photos.

    ``before`` and ``after`` are the head's, without and with its temperature, ``file`` the int8 file's own;
    ``answered`` (photos,) is True if the best score reaches the recommended threshold.
    """

    before: Matrix
    after: Matrix
    file: Matrix
    labels: npt.NDArray[np.intp]
    answered: npt.NDArray[np.bool_]


def measure(
    image_dir: Path, architectures: list[Architecture], seeds: list[int], epochs: int, cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each architecture, its backbone fine-tuned for ``epochs`` epochs (0: pretrained), over all splits."""
    rows = []
    for architecture in architectures:
        runs = [_run(image_dir, architecture, seed, epochs, cache, progress) for seed in seeds]
        rows.append({"architecture": architecture.name, "seeds": len(seeds), **summarise(runs)})
        progress.message(str(rows[-1]))
    return rows


def summarise(runs: list[SplitScores]) -> dict[str, float]:
    """Accuracy and expected calibration errors (0..1) over the test photos of all splits together.

    A single split has too few photos: with 459 in 15 bins even a perfectly calibrated model shows an error of about
    two per cent. ``error_before`` is the head's without its temperature, ``error_after`` with it, ``error_file``
    that of the int8 file's own scores. ``answered`` is the share of the test photos whose best score reaches the
    recommended threshold, ``precision`` the share of right labels among them.
    """
    together = SplitScores(*(np.concatenate(column) for column in zip(*runs, strict=True)))
    right = together.file.argmax(axis=1) == together.labels
    shares = {
        "accuracy": right.mean(),
        "error_before": calibration_error(reliability(together.before, together.labels)),
        "error_after": calibration_error(reliability(together.after, together.labels)),
        "error_file": calibration_error(reliability(together.file, together.labels)),
        "answered": together.answered.mean(),
        "precision": right[together.answered].mean(),
    }
    return {"test_photos": len(right)} | {name: round(float(share), 4) for name, share in shares.items()}


def _run(
    image_dir: Path, architecture: Architecture, seed: int, epochs: int, cache: Path, progress: Progress
) -> SplitScores:
    with tempfile.TemporaryDirectory() as scratch:
        options = retrain_options(image_dir, scratch, cache, architecture, seed, ("int8",))
        recipe = Recipe.of(architecture, epochs, seed=seed).check() if epochs else None
        [model] = retrain_all(replace(options, fine_tune=recipe), progress)
    test = load_labelled(FeatureExtractor(model.backbone, cache), model.dataset, model.dataset.test_photos)
    logits = model.fit.head.logits(test.features)
    scores = scored_photos(model.evaluation).scores
    threshold = model.calibration.score_threshold
    answered = scores.max(axis=1) >= (threshold if threshold is not None else np.inf)
    return SplitScores(softmax(logits), softmax(logits / model.calibration.temperature), scores, test.labels, answered)
