"""Bottlenecks with the labels of their photos: what a head is fitted on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.dataset import Dataset


class Labelled(NamedTuple):
    """Bottlenecks (photos, values), float, and the index of each photo's label, (photos,) int."""

    features: npt.NDArray[np.floating[Any]]
    labels: npt.NDArray[np.intp]

    @classmethod
    def join(cls, *parts: Labelled) -> Labelled:
        """All photos of ``parts``, in their order."""
        features: npt.NDArray[np.floating[Any]] = np.concatenate([part.features for part in parts])
        return cls(features, np.concatenate([part.labels for part in parts]))


def load_labelled(extractor: FeatureExtractor, dataset: Dataset, split: str) -> Labelled:
    """The cached bottlenecks of the photos of one split, with their labels."""
    photos = dataset.of(split)
    index = {label: i for i, label in enumerate(dataset.labels)}
    features = extractor.load([photo.sha256 for photo in photos])
    return Labelled(features, np.array([index[photo.label] for photo in photos], np.intp))
