"""Calibration: how far the scores of the exported files are from the truth, and what the threshold is worth."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.splits import retrain_options
from trainer.architectures import Architecture
from trainer.bottleneck_cache import BottleneckCache
from trainer.bottlenecks import load_features
from trainer.calibration import calibration_error, reliability
from trainer.head import Matrix, softmax
from trainer.progress import Stages
from trainer.retrain import Retrained, retrain
from trainer.split import TEST


class _Judged(NamedTuple):
    """Scores (photos, labels) of one split's test photos, without and with the temperature, and of the file itself."""

    before: Matrix
    after: Matrix
    file: Matrix
    labels: npt.NDArray[np.intp]
    answered: npt.NDArray[np.bool_]


def measure(
    image_dir: Path, architectures: list[Architecture], seeds: list[int], cache: Path, stages: Stages
) -> list[dict[str, Any]]:
    """One row for each architecture: expected calibration errors over the test photos of all splits together.

    A single split has too few photos: with 459 in 15 bins even a perfectly honest model shows an error of about
    two points. ``error_before`` is the head's without its temperature, ``error_after`` with it, ``error_file``
    that of the int8 file's own scores. ``precision`` is the share of right answers among the test photos whose
    score reaches the recommended threshold, ``answered`` how many do.
    """
    rows = []
    for architecture in architectures:
        runs = [_run(image_dir, architecture, seed, cache, stages) for seed in seeds]
        labels = np.concatenate([run.labels for run in runs])
        errors = {
            f"error_{name}": round(
                calibration_error(reliability(np.concatenate([getattr(run, name) for run in runs]), labels)), 4
            )
            for name in ("before", "after", "file")
        }
        answered = np.concatenate([run.answered for run in runs])
        right = np.concatenate([run.file.argmax(axis=1) for run in runs]) == labels
        rows.append(
            {
                "architecture": architecture.name,
                "seeds": len(seeds),
                "test_photos": len(labels),
                "accuracy": round(float(right.mean()), 4),
                **errors,
                "answered": round(float(answered.mean()), 4),
                "precision": round(float(right[answered].mean()), 4),
            }
        )
        stages.say(str(rows[-1]))
    return rows


def _run(image_dir: Path, architecture: Architecture, seed: int, cache: Path, stages: Stages) -> _Judged:
    with tempfile.TemporaryDirectory() as scratch:
        options = retrain_options(image_dir, scratch, cache, architecture, seed, ("int8",))
        [model] = retrain(options, stages)
    logits = model.fit.head.logits(_test_features(model, cache))
    scores = _file_scores(model)
    threshold = model.calibration.score_threshold
    answered = scores.max(axis=1) >= (threshold if threshold is not None else np.inf)
    labels = np.array([model.dataset.labels.index(photo.label) for photo in model.dataset.of(TEST)], np.intp)
    return _Judged(softmax(logits), softmax(logits / model.calibration.temperature), scores, labels, answered)


def _test_features(model: Retrained, cache: Path) -> npt.NDArray[np.float32]:
    with BottleneckCache(cache) as bottlenecks:
        return load_features(model.backbone, bottlenecks, [photo.sha256 for photo in model.dataset.of(TEST)])


def _file_scores(model: Retrained) -> Matrix:
    rows = []
    for outcome in model.evaluation.outcomes:
        assert outcome.classification is not None  # photos that cannot be decoded never reach the split
        by_index = {category.index: category.score for category in outcome.classification.categories}
        rows.append([by_index[index] for index in range(len(model.dataset.labels))])
    return np.array(rows)
