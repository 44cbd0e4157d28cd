"""A class that is taught beside remembered ones: what the old classes lose against training on all photos."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.accuracy.splits import retrain_options
from trainer.backbones.architectures import Architecture
from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled, load_labelled
from trainer.bottlenecks.remembered import remember
from trainer.head.class_weights import weights_beside
from trainer.head.fit import DEFAULT_STEPS, fit_again
from trainer.photos.split import TEST
from trainer.progress import Progress
from trainer.retraining.retrain_all import retrain_all

_L2 = 0.1  # of all heads


class Recalls(NamedTuple):
    """The share of test photos labelled correctly, 0 to 1: of the ``old`` classes together, and of the ``new`` one."""

    old: float
    new: float


def measure(
    image_dir: Path, architecture: Architecture, counts: list[int], seeds: list[int], cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each of ``counts``, 0 meaning all photos: means over the ``seeds`` and over which class is new."""
    found: dict[int, list[Recalls]] = {count: [] for count in [0, *counts]}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as scratch:
            [model] = retrain_all(retrain_options(image_dir, scratch, cache, architecture, seed, ("int8",)), progress)
        photos, labels = model.dataset.photos, model.dataset.labels
        data = load_labelled(FeatureExtractor(model.backbone, cache), model.dataset, photos)
        tested = np.array([photo.split == TEST for photo in photos])
        for new in range(len(labels)):
            for count in found:
                found[count].append(recalls(data.where(~tested), data.where(tested), labels, new, count))
        progress.message(f"split {seed}: done")
    full = found[0]
    return [
        {
            "architecture": architecture.name,
            "remembered_per_class": count or "all photos",
            "old_classes": _mean([one.old for one in column]),
            "old_classes_lost": _mean([a.old - b.old for a, b in zip(full, column, strict=True)]),
            "old_classes_lost_deviation": round(
                float(np.std([a.old - b.old for a, b in zip(full, column, strict=True)])), 5
            ),
            "new_class": _mean([one.new for one in column]),
        }
        for count, column in found.items()
    ]


def recalls(training: Labelled, test: Labelled, labels: tuple[str, ...], new: int, count: int) -> Recalls:
    """Teach the class ``new`` with its photos beside ``count`` bottlenecks of each other one; 0: all photos."""
    taught, remembered = training, None
    if count:
        old = training.where(training.labels != new)
        remembered = remember(old.features, old.labels, labels, count)
        taught = with_remembered(training.where(training.labels == new), labels, remembered)
    weights = weights_beside(taught.labels, len(labels), remembered)
    head = fit_again(taught, len(labels), _L2, DEFAULT_STEPS, weights)
    right = head.logits(test.features).argmax(axis=1) == test.labels
    is_new = test.labels == new
    return Recalls(float(right[~is_new].mean()), float(right[is_new].mean()))


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 5)
