"""The distance: how far is a picture from all that the model was trained on?

A Mahalanobis distance to the mean photo: along the principal axes of the training photos each axis has a variance of
its own, all other directions share one. It tells pictures of other things from photos of the classes, where the
nearness to prototypes does not. ``docs/adr/0013-unknown.md`` says why both are needed.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ModelError
from edge.modelfile.gate_facts import DISTANCE_NAME
from edge.modelfile.model_file import ModelFile

_SMALLEST, _LARGEST = 1e-9, 1e9  # of its numbers, as of those of the gate
NEAREST = 1e-9
"""The least square of a distance; the logarithm of 0 is not finite."""


class DistanceParts(NamedTuple):
    """What a distance is made of: the part of a gate that lowers the familiarity of far pictures.

    ``mean`` (features,) float32 is that of bottlenecks; ``axes`` (axes, features) int8 times ``axes_scale`` are unit
    vectors of bottlenecks in units of the gate's deviation, with ``variances`` (axes,) float32; ``rest`` is the
    variance of every other direction. A picture whose closeness is below ``corner`` loses ``weight`` of familiarity
    for each unit that it is below; one whose familiarity is below ``threshold`` then, is rejected.
    """

    mean: npt.NDArray[np.float32]
    axes: npt.NDArray[np.int8]
    axes_scale: float
    variances: npt.NDArray[np.float32]
    rest: float
    corner: float
    weight: float
    threshold: float


class Distance(DistanceParts):
    """The part of a gate that lowers the familiarity of far pictures."""

    @cached_property
    def _axes(self) -> npt.NDArray[np.float64]:
        """The axes as unit vectors, one a column: made once, since a picture takes only microseconds."""
        return np.ascontiguousarray(self.axes.T * np.float64(self.axes_scale))

    @cached_property
    def _beside_rest(self) -> npt.NDArray[np.float64]:
        """What the square of an offset along each axis counts more than in another direction: (axes,)."""
        return 1 / self.variances.astype(np.float64) - 1 / self.rest

    def closeness(
        self, bottlenecks: npt.NDArray[np.float32], deviation: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float64]:
        """Minus the logarithm of the squared distance of each of ``bottlenecks`` (pictures, features): (pictures,).

        ``deviation`` (features,) is that of the gate.
        """
        offsets = np.subtract(bottlenecks, self.mean, dtype=np.float64) / deviation
        along = offsets @ self._axes
        squared = np.einsum("pf,pf->p", offsets, offsets) / self.rest + (along * along) @ self._beside_rest
        closeness: npt.NDArray[np.float64] = -np.log(np.maximum(squared, NEAREST))
        return closeness

    def loss(self, bottlenecks: npt.NDArray[np.float32], deviation: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """How much familiarity each of ``bottlenecks`` (pictures, features) loses, at least 0: (pictures,)."""
        below: npt.NDArray[np.float64] = np.maximum(self.corner - self.closeness(bottlenecks, deviation), 0)
        return self.weight * below

    def to_bytes(self) -> bytes:
        """The arrays as the packed file holds them: ``mean`` and ``variances``, little-endian, then ``axes``."""
        return self.mean.astype("<f4").tobytes() + self.variances.astype("<f4").tobytes() + self.axes.tobytes()


def load_distance(model: ModelFile) -> Distance | None:
    """The distance that ``model``, which has a gate, carries; None if it carries none, as those of older releases.

    Raises :class:`~edge.errors.ModelError` if it is damaged.
    """
    manifest = model.manifest
    if manifest is None or manifest.gate is None or manifest.distance is None:
        return None
    facts, features = manifest.distance, manifest.gate.features
    packed = model.packed[DISTANCE_NAME]  # its hash and size were checked with the manifest
    mean = np.frombuffer(packed, "<f4", features)
    variances = np.frombuffer(packed, "<f4", facts.axes, offset=4 * features)
    axes = np.frombuffer(packed, np.int8, offset=4 * (features + facts.axes)).reshape(facts.axes, features)
    if not ((variances >= _SMALLEST) & (variances <= _LARGEST)).all() or not _SMALLEST <= facts.rest <= _LARGEST:
        raise ModelError("the model's gate has a variance that is not a positive number; export the model again")
    numbers = (facts.axes_scale, facts.corner, facts.weight, facts.threshold)
    if not ((np.abs(mean) <= _LARGEST).all() and all(abs(number) <= _LARGEST for number in numbers)):
        raise ModelError(f"a number of the model's gate is larger than {_LARGEST:g}; export the model again")
    if facts.weight < 0:
        raise ModelError("the model's gate makes far pictures familiar; export the model again")
    return Distance(mean, axes, facts.axes_scale, variances, facts.rest, facts.corner, facts.weight, facts.threshold)
