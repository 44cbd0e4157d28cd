"""The forecast of the learning curve: what half of the photos promise for all, against what all give."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.accuracy.splits import retrain_options
from trainer.backbones.architectures import Architecture
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled, load_labelled
from trainer.head.fit import DEFAULT_STEPS
from trainer.head.folds import Folds, assign_folds
from trainer.head.learning_curve import summarize
from trainer.head.shares import SHARES, LabelledByShares, label_with_shares, nested_shares
from trainer.photos.dataset import Photo
from trainer.progress import Progress
from trainer.retraining.retrain_all import retrain_all


class Forecast(NamedTuple):
    """A forecast of the gain from half of the photos, and the ``measured`` gain of all, on the photos of the half.

    All are differences of accuracies, 0 to 1; ``half`` is the accuracy with half of the photos.
    """

    half: float
    expected: float
    low: float
    high: float
    measured: float


def measure(
    image_dir: Path, architectures: list[Architecture], seeds: list[int], cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each architecture: the forecasts of halves that ``seeds`` choose."""
    rows = []
    for architecture in architectures:
        with tempfile.TemporaryDirectory() as scratch:
            [model] = retrain_all(retrain_options(image_dir, scratch, cache, architecture, 0, ("int8",)), progress)
        photos, l2 = model.dataset.photos, model.fit.l2
        data = load_labelled(FeatureExtractor(model.backbone, cache), model.dataset, photos)
        forecasts = [forecast(photos, data, len(model.dataset.labels), l2, seed) for seed in seeds]
        rows.append({"architecture": architecture.name, "photos": len(photos), **summarise(forecasts)})
        progress.message(str(rows[-1]))
    return rows


def forecast(photos: list[Photo], data: Labelled, labels: int, l2: float, seed: int) -> Forecast:
    """The forecast from the half of the groups that ``seed`` chooses, and what all ``photos`` give on that half."""
    chosen = list(nested_shares(data, np.ones(len(photos), bool), labels, [seed]))[SHARES.index(0.5)]
    half = data.where(chosen)
    with_half = _labelled([photo for photo, used in zip(photos, chosen, strict=True) if used], half, labels, l2, seed)
    with_all = _labelled(photos, data, labels, l2, seed).right[chosen]
    curve = summarize(half, with_half.right, with_half.photos_per_class, labels)
    measured = half.group_means(with_all[:, -1]).mean() - curve.points[-1].accuracy
    return Forecast(curve.points[-1].accuracy, *curve.gain, float(measured))


def summarise(forecasts: list[Forecast]) -> dict[str, Any]:
    """Means and standard deviations over the halves, and in how many of them the interval holds the measured gain.

    ``holds_mean`` is the number of intervals that hold the mean measured gain, which has less noise.
    """
    columns = {
        name: np.array(column) for name, column in zip(Forecast._fields, zip(*forecasts, strict=True), strict=True)
    }
    low, high, measured = columns["low"], columns["high"], columns["measured"]
    means = {name: round(float(column.mean()), 5) for name, column in columns.items()}
    return {
        "halves": len(forecasts),
        **means,
        "expected_deviation": round(float(columns["expected"].std()), 5),
        "measured_deviation": round(float(measured.std()), 5),
        "holds_measured": int(((low <= measured) & (measured <= high)).sum()),
        "holds_mean": int(((low <= measured.mean()) & (measured.mean() <= high)).sum()),
    }


def _labelled(photos: list[Photo], data: Labelled, labels: int, l2: float, seed: int) -> LabelledByShares:
    folds = Folds(data, *assign_folds(photos, seed), labels=labels, max_steps=DEFAULT_STEPS)
    return label_with_shares(folds, l2, seed)
