"""Bottlenecks that are drawn: a mixture of normal distributions, one for each class, fitted to those of real photos."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.modelfile.structure import TensorSpec
from trainer.bottlenecks.labelled import Labelled

AXES = 64
"""In so many directions the values of one bottleneck depend on each other; the rest of each varies alone."""

Floats = npt.NDArray[np.float32]


class Mixture(NamedTuple):
    """What the bottlenecks of real photos are like.

    ``mean`` (values,) is that of all photos. A class lies around ``mean + between @ z``, a photo of it around that by
    ``within @ z`` (both (values, axes), z drawn from a standard normal distribution), and each value varies alone with
    the deviation ``rest`` (values,).
    """

    mean: Floats
    between: Floats
    within: Floats
    rest: Floats

    @classmethod
    def of(cls, data: Labelled) -> Mixture:
        """The mixture fitted to ``data``.

        Few classes show few directions in which classes differ. So classes are drawn along the directions in which all
        photos differ, as far from each other as those of ``data`` are.
        """
        features = data.features.astype(np.float64)
        classes = np.unique(data.labels)
        centres = np.stack([features[data.labels == label].mean(axis=0) for label in classes])
        offsets = features - centres[np.searchsorted(classes, data.labels)]
        variances, axes = np.linalg.eigh(offsets.T @ offsets / len(offsets))
        variances, axes = variances[::-1][:AXES], axes[:, ::-1][:, :AXES]
        within = axes * np.sqrt(variances)
        rest = np.sqrt(np.maximum(offsets.var(axis=0) - (within**2).sum(axis=1), 0))
        distance = ((centres - centres.mean(axis=0)) ** 2).sum(axis=1).mean() / variances.sum()
        parts = features.mean(axis=0), within * np.sqrt(distance), within, rest
        return cls(*(part.astype(np.float32) for part in parts))

    def centres(self, classes: int, random: np.random.Generator) -> Floats:
        """Where ``classes`` classes lie: (classes, values)."""
        return self.mean + random.standard_normal((classes, self.between.shape[1]), np.float32) @ self.between.T

    def draw(self, centres: Floats, labels: npt.NDArray[np.intp], random: np.random.Generator) -> Floats:
        """A bottleneck for each of ``labels``: (photos, values)."""
        alone = random.standard_normal((len(labels), len(self.mean)), np.float32) * self.rest
        found: Floats = (
            centres[labels] + random.standard_normal((len(labels), self.within.shape[1]), np.float32) @ self.within.T
        )
        return found + alone


def as_bytes(features: Floats, output: TensorSpec) -> npt.NDArray[np.int8]:
    """``features`` as an int8 artifact whose bottleneck is ``output`` would have computed them, and not below 0."""
    steps = np.rint(np.maximum(features, 0) / np.float32(output.scale)) + output.zero_point
    return np.clip(steps, -128, 127).astype(np.int8)
