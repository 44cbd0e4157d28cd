"""Photos of a session without files: bottlenecks of classes around points of their own, in the split of retraining."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trainer.bottlenecks.labelled import Labelled
from trainer.photos.dataset import Dataset, Photo
from trainer.photos.split import GroupedPhoto, SplitRatios, assign_splits
from trainer.teach.learning.examples import Examples, Snapshot
from trainer.teach.state import CLASS, TaughtPhoto

VALUES = 12


def taught_examples(counts: dict[str, int], *, each: int = 1, seed: int = 0, spread: float = 0.8) -> Examples:
    """``counts`` groups of ``each`` photos of each class; the photos of a group are nearly equal.

    A photo is called ``CLASS/GROUP-NUMBER.jpg``; its content hash is made of that name.
    """
    random = np.random.default_rng(seed)
    names = [
        (label, f"{label}/{group}-0.jpg", f"{label}/{group}-{number}.jpg")
        for label, count in counts.items()
        for group in range(count)
        for number in range(each)
    ]
    splits = assign_splits([GroupedPhoto(path, label, first) for label, first, path in names], SplitRatios(), False)
    photos = [
        Photo(Path(path), path, label, path.encode().ljust(32, b"."), splits[path], first)
        for label, first, path in names
    ]
    dataset = Dataset(Path(), tuple(sorted(counts)), photos, [])
    ordered = dataset.by_split()
    labels = np.array([dataset.labels.index(photo.label) for photo in ordered], np.intp)
    firsts = sorted({photo.group for photo in photos})
    groups = np.array([firsts.index(photo.group) for photo in ordered], np.intp)
    centres = np.random.default_rng(5).normal(0, 1, (len(counts), VALUES)) + 3
    scenes = random.normal(0, spread, (len(firsts), VALUES))
    features = centres[labels] + scenes[groups] + random.normal(0, 0.01, (len(labels), VALUES))
    data = Labelled(features.astype(np.float32), labels, groups if each > 1 else None)
    return Examples(dataset, data, tuple(photo.relative for photo in ordered), None)


def snapshot_of(examples: Examples, *, holds: bool = False) -> Snapshot:
    """The photos of ``examples`` as a session has them; ``holds``: each group was recorded in one hold."""
    photos = tuple(
        TaughtPhoto(
            photo.relative,
            photo.sha256,
            photo.path,
            photo.relative,
            CLASS,
            photo.label,
            0.0,
            1,
            photo.group * holds or None,
        )
        for photo in examples.dataset.by_split()
    )
    return Snapshot(1, examples.labels, photos, examples.data.features, None)
