"""A head without a fit: each label's weights are the mean bottleneck of its photos. For one photo of each label.

With one photo of each label a fit has nothing to learn the spread of the bottlenecks from. Such a head gives the label
whose photo is nearest, by the cosine, and labels one or two flowers more in a hundred correctly than a fitted one.
"""

from __future__ import annotations

import numpy as np

from trainer.bottlenecks.labelled import Labelled
from trainer.head.fit import Head

SHARPNESS = 8.0
"""The difference of the logits for a difference of 1 of the cosines. With it, the best scores of photos of flowers that
taught nothing have, for 3 and 5 classes, the mean of the share labelled correctly; for 2 classes they are 4 % too
high."""


def prototype_head(data: Labelled, labels: int) -> Head:
    """The head that gives each of ``labels`` the cosine to the mean bottleneck of its photos in ``data``.

    Every label has a photo. The lengths of the bottlenecks of one network differ little, so the logits are those of
    cosines, times :data:`SHARPNESS`; the order of the labels is exactly that of the cosines.
    """
    features = data.features.astype(np.float64)
    means = np.stack([features[data.labels == label].mean(axis=0) for label in range(labels)])
    lengths = np.maximum(np.linalg.norm(means, axis=1), 1e-12)
    return Head(SHARPNESS * (means / lengths[:, np.newaxis]).T / lengths.mean(), np.zeros(labels))
