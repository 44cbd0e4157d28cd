"""Clouds of points that stand for the bottlenecks of some classes."""

from __future__ import annotations

import numpy as np

from trainer.bottlenecks.labelled import Labelled


def blobs(seed: int, photos: int = 60, features: int = 5, labels: int = 3, distance: float = 6.0) -> Labelled:
    """Clouds of points, one a label, whose centres are ``distance`` deviations out on one axis each.

    With fewer features than labels some clouds lie on top of each other. Two seeds are two samples of one problem.
    """
    centres = distance * np.eye(labels, features)
    random = np.random.default_rng([seed, 7])
    index = np.arange(photos) % labels
    return Labelled((centres[index] + random.normal(size=(photos, features))).astype(np.float32), index)
