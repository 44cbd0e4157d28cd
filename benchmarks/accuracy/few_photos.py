"""A session's head after a few photos of each class, against ridge regression and the nearest prototype."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.groups.find_groups import Compared
from trainer.head.standardisation import Standardisation
from trainer.one_thread import one_thread
from trainer.photos.folder import list_photos
from trainer.photos.layout import CLASSES
from trainer.progress import Progress
from trainer.teach.learning.examples import Snapshot, make_examples
from trainer.teach.learning.features import Features
from trainer.teach.learning.taught_head import teach_head
from trainer.teach.state import CLASS, ID_DIGITS, TaughtPhoto

HELD_BACK = 0.3
"""The share of the independent photos of each class that is held back."""

_PENALTIES = 10.0 ** np.arange(0, 6.1, 0.5)  # of ridge regression, on standardised features

Scores = npt.NDArray[np.float64]


class Found(NamedTuple):
    """The share of the held-back photos labelled correctly, 0 to 1, and the penalty of our head."""

    ours: float
    ridge: float
    prototype: float
    l2: float


def measure(
    image_dir: Path,
    architectures: list[Architecture],
    counts: list[int],
    draws: list[int],
    cache: Path,
    progress: Progress,
) -> list[dict[str, Any]]:
    """One row for each architecture and each of ``counts``, photos a class: means over the ``draws``.

    A draw chooses the photos that are held back and those that teach; all heads of a draw have the same ones.
    """
    rows = []
    for architecture in architectures:
        (backbone,) = load_backbones(cache, architecture, None, ("int8",))
        features = Features(FeatureExtractor(backbone, cache, progress=progress))
        photos = independent_photos(image_dir, features)
        compared: Compared = {}
        for count in counts:
            found = [one_draw(photos, features, count, draw, compared) for draw in draws]
            rows.append({"architecture": architecture.name, "photos_per_class": count, **summary(found)})
            progress.message(f"{architecture.name}, {count} photos a class: done")
    return rows


def independent_photos(image_dir: Path, features: Features) -> list[TaughtPhoto]:
    """One photo of each group in ``image_dir``; the bottlenecks of all of them are in ``features`` afterwards."""
    known: dict[bytes, TaughtPhoto] = {}
    for file in list_photos(image_dir, CLASSES).files:
        sha256 = hashlib.sha256(file.path.read_bytes()).digest()
        photo = TaughtPhoto(sha256.hex()[:ID_DIGITS], sha256, file.path, file.relative, CLASS, file.label, 0.0, 1)
        known.setdefault(sha256, photo)
    unreadable = features.fill(list(known.values()), lambda stage: None)
    photos = [photo for photo in known.values() if photo.id not in unreadable]
    examples = make_examples(Snapshot.of(0, photos, features, None), features)
    first = {photo.relative for photo in examples.dataset.photos if photo.group == photo.relative}
    return [photo for photo in photos if photo.relative in first]


def one_draw(
    photos: list[TaughtPhoto], features: Features, count: int, draw: int, compared: Compared | None = None
) -> Found:
    """Teach with ``count`` photos of each class, and label those that are held back."""
    random = np.random.default_rng([draw, 0])
    labels = sorted({photo.label for photo in photos})
    taught, held_back = [], []
    for label in labels:
        own = [photo for photo in photos if photo.label == label]
        order = [own[place] for place in random.permutation(len(own))]
        tested = round(HELD_BACK * len(own))
        held_back += order[:tested]
        taught += order[tested : tested + count]
    examples = make_examples(Snapshot.of(0, taught, features, None), features, compared)
    head, choice = teach_head(examples)
    truths = np.array([labels.index(photo.label) for photo in held_back])
    tests = features.rows([photo.id for photo in held_back]).astype(np.float64)

    def right(scores: Scores) -> float:
        return float((scores.argmax(axis=1) == truths).mean())

    with one_thread():
        ridge, prototype = (scores(examples.data, len(labels), tests) for scores in (ridge_scores, prototype_scores))
        return Found(right(head.logits(tests)), right(ridge), right(prototype), choice.l2)


def ridge_scores(data: Labelled, labels: int, tests: Scores) -> Scores:
    """The scores (tests, labels) of ridge regression to -1 and 1.

    The penalty with the least squared error of photos that are left out one by one is chosen.
    """
    unit = Standardisation.of(data.features)
    features, others = unit.apply(data.features), unit.apply(tests)
    wanted = 2 * np.eye(labels)[data.labels] - 1
    mean = wanted.mean(axis=0)
    values, vectors = np.linalg.eigh(features @ features.T)
    projected = vectors.T @ (wanted - mean)
    best: tuple[float, Scores] | None = None
    for penalty in _PENALTIES:
        smoothed = vectors * (values / (values + penalty))
        leverage = (smoothed * vectors).sum(axis=1) + 1 / len(wanted)
        errors = (wanted - mean - smoothed @ projected) / (1 - leverage)[:, np.newaxis]
        error = float((errors**2).mean())
        if best is None or error < best[0]:
            best = error, vectors @ (projected / (values + penalty)[:, np.newaxis])
    assert best is not None
    return np.asarray(others @ (features.T @ best[1]) + mean)


def prototype_scores(data: Labelled, labels: int, tests: Scores) -> Scores:
    """The cosines (tests, labels) to the mean bottleneck of each class, times the length of the bottleneck."""
    means = np.stack([data.features[data.labels == label].mean(axis=0, dtype=np.float64) for label in range(labels)])
    return np.asarray(tests @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T)


def summary(found: list[Found]) -> dict[str, Any]:
    """The means, and the differences of the same draws with their standard errors, in shares."""
    ours, ridge, prototype, l2 = np.array(found).T
    row: dict[str, Any] = {"ours": _mean(ours), "ridge": _mean(ridge), "prototype": _mean(prototype)}
    for name, other in (("ridge", ridge), ("prototype", prototype)):
        error = float(np.std(ours - other, ddof=1)) / np.sqrt(len(found)) if len(found) > 1 else float("nan")
        row[f"over_{name}"], row[f"over_{name}_error"] = _mean(ours - other), round(error, 5)
    return {**row, "draws": len(found), "l2": [float(value) for value in l2]}


def _mean(values: npt.NDArray[np.float64]) -> float:
    return round(float(values.mean()), 5)
