"""A head without a fit: each label's weights are the mean bottleneck of its photos. For one photo of each label.

With one photo of each label a fit has nothing to learn the spread of the bottlenecks from. Such a head gives the label
whose photo is nearest, by the cosine. What bottlenecks of the photos have in common says nothing of the labels, but how
much that is, is hardly known from a few photos: so half of their mean is subtracted. Of flowers of five classes (150
draws), 0.6 to 1.3 more in a hundred are labelled correctly than by the cosine alone, and 1.1 to 2.6 more than by ridge
regression.
"""

from __future__ import annotations

import numpy as np

from trainer.bottlenecks.labelled import Labelled
from trainer.head.linear import Head

SHARPNESS = 4.0
"""The difference of the logits for a difference of 1 of the cosines. With it, the mean best score of photos of flowers
that taught nothing is 2 to 8 points below the share labelled correctly for 3 and 5 classes, and 5 above it for 2."""

_CENTRED = 0.5  # of the mean


def prototype_head(data: Labelled, labels: int) -> Head:
    """The head that gives each of ``labels`` the cosine to the mean bottleneck of its photos in ``data``.

    Every label has a photo. The lengths of the bottlenecks of one network differ little, so the logits are those of
    cosines, times :data:`SHARPNESS`; the order of the labels is exactly that of the cosines.
    """
    features = data.features.astype(np.float64)
    means = np.stack([features[data.labels == label].mean(axis=0) for label in range(labels)])
    common = _CENTRED * means.mean(axis=0)
    prototypes = means - common
    lengths = np.maximum(np.linalg.norm(prototypes, axis=1), 1e-12)
    weights = SHARPNESS * (prototypes / lengths[:, np.newaxis]).T / lengths.mean()
    return Head(weights, -common @ weights)
