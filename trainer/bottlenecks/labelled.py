"""The bottlenecks of a folder of photos: brought up to date in the cache, and read back with their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.backbones.backbone import Backbone
from trainer.bottlenecks.cache import BottleneckCache, retry_once
from trainer.bottlenecks.compute import Outcome, compute_bottlenecks, load_features
from trainer.photos.dataset import Dataset, Listing
from trainer.progress import Progress


class Labelled(NamedTuple):
    """Bottlenecks (photos, features), float, and the index of each photo's label, (photos,) int."""

    features: npt.NDArray[np.floating[Any]]
    labels: npt.NDArray[np.intp]


def cached_bottlenecks(
    backbone: Backbone, listing: Listing, cache: Path, progress: Progress, runtime: str | None = None
) -> Outcome:
    """Bring the cache in folder ``cache`` up to date for ``listing``; a corrupt cache is set aside once."""
    title = f"bottlenecks {backbone.quantization}"

    def attempt() -> Outcome:
        with BottleneckCache(cache) as bottlenecks, progress.stage(title, len(listing.candidates)) as advance:
            return compute_bottlenecks(backbone, listing, bottlenecks, advance, runtime=runtime)

    return retry_once(cache, progress.message, attempt)


def labelled(backbone: Backbone, dataset: Dataset, split: str, folder: Path, runtime: str | None = None) -> Labelled:
    """The bottlenecks and labels of one split's photos, from the cache in ``folder``."""
    photos = dataset.of(split)
    index = {label: i for i, label in enumerate(dataset.labels)}
    with BottleneckCache(folder) as cache:
        features = load_features(backbone, cache, [photo.sha256 for photo in photos], runtime)
    return Labelled(features, np.array([index[photo.label] for photo in photos], np.intp))
