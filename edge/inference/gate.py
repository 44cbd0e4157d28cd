"""The gate: is this picture like anything that the model was trained on?

A softmax must choose one of its labels, and it may give a high score to a picture that is like no class. The gate
uses the bottleneck too: its cosine to the nearest of a few prototypes of each class, and its distance from the mean
photo. For the cosine a bottleneck, which has no negative entries, is taken as it is, not centred: pictures with little
in them, such as a bare wall, are then far from all classes. ``docs/adr/0013-unknown.md`` says why both are needed.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError, ModelError
from edge.inference.distance import Distance, load_distance
from edge.modelfile.gate_facts import GATE_NAME
from edge.modelfile.model_file import ModelFile

_SMALLEST, _LARGEST = 1e-9, 1e9  # of the numbers of a gate; beyond them float32 overflows
SHORTEST = 1e-12
"""The least length that a bottleneck is divided by; zeros have no direction."""

SMALLEST_SCORE = 1 / 512
"""Half a step of an 8-bit score; nearer to 0 or 1 the odds would only show rounding."""

LEAST_TOTAL = 1e-9
"""The least sum of scores that one is divided by."""


class GateParts(NamedTuple):
    """What a gate is made of.

    ``deviation`` (features,) float32 divides a bottleneck; ``prototypes`` (prototypes, features) int8 times
    ``prototype_scale`` are unit vectors. The familiarity of a picture is ``confidence_weight`` times the log odds
    of its best score plus ``nearness_weight`` times its cosine to the nearest prototype, less what ``distance`` takes;
    below :attr:`least` the picture is rejected. ``threshold`` is what serves without a distance.
    """

    deviation: npt.NDArray[np.float32]
    prototypes: npt.NDArray[np.int8]
    prototype_scale: float
    confidence_weight: float
    nearness_weight: float
    threshold: float
    distance: Distance | None = None


class Gate(GateParts):
    """Decides whether a picture is like no class of the model."""

    @cached_property
    def _prototypes(self) -> npt.NDArray[np.float32]:
        """The prototypes as unit vectors, one a column: made once, since a picture takes only microseconds."""
        return np.ascontiguousarray((self.prototypes * np.float32(self.prototype_scale)).T)

    @property
    def least(self) -> float:
        """The least familiarity of a picture that is let through."""
        return self.threshold if self.distance is None else self.distance.threshold

    def familiarity(
        self, bottlenecks: npt.NDArray[np.float32], best_scores: npt.NDArray[np.floating[Any]]
    ) -> npt.NDArray[np.float64]:
        """The familiarity of pictures with real-valued ``bottlenecks`` (pictures, features): (pictures,).

        ``best_scores`` (pictures,) are the largest scores of each, 0 to 1.
        """
        familiarity: npt.NDArray[np.float64] = self.confidence_weight * log_odds(
            best_scores
        ) + self.nearness_weight * self.nearness(bottlenecks)
        return familiarity if self.distance is None else familiarity - self.distance.loss(bottlenecks, self.deviation)

    def nearness(self, bottlenecks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The cosine of each of ``bottlenecks`` (pictures, features) to its nearest prototype: (pictures,)."""
        nearest: npt.NDArray[np.float32] = (directions(bottlenecks, self.deviation) @ self._prototypes).max(axis=1)
        return nearest

    def to_bytes(self) -> bytes:
        """The arrays as the packed file holds them: ``deviation``, little-endian, then ``prototypes``."""
        return self.deviation.astype("<f4").tobytes() + self.prototypes.tobytes()


def log_odds(scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """The logarithm of the odds of ``scores``, 0 to 1; those that are nearly 0 or 1 count as a little farther away."""
    clipped = np.clip(scores.astype(np.float64), SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    odds: npt.NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return odds


def among_themselves(of_classes: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """The scores ``of_classes`` (..., classes) without that of the rest of the world, as if there were only classes.

    Scores are rounded by up to half a step: of classes that have little together, none is surely the best.
    """
    total = np.maximum(of_classes.sum(axis=-1, keepdims=True), LEAST_TOTAL)
    among: npt.NDArray[np.floating[Any]] = np.minimum(of_classes / total, np.maximum(1 - SMALLEST_SCORE / total, 0.0))
    return among


def directions(bottlenecks: npt.NDArray[np.float32], deviation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """``bottlenecks`` (pictures, features) over ``deviation``, at unit length; zeros stay zeros."""
    unit: npt.NDArray[np.float32] = bottlenecks / deviation
    lengths = np.linalg.norm(unit, axis=1, keepdims=True)
    unit /= np.maximum(lengths, np.float32(SHORTEST))  # in place: a trainer gives it many photos
    return unit


def load_gate(model: ModelFile) -> Gate:
    """The gate that ``model`` carries.

    Raises :class:`~edge.errors.ConfigurationError` if it carries none, and
    :class:`~edge.errors.ModelError` if it is damaged.
    """
    facts = model.manifest.gate if model.manifest else None
    if facts is None:
        raise ConfigurationError(
            "this model carries no gate, so it cannot reject pictures: leave out --reject, or retrain the model with "
            "this release, on a folder that has at least 60 training and validation photos"
        )
    packed = model.packed[GATE_NAME]  # its hash and size were checked with the manifest
    deviation = np.frombuffer(packed, "<f4", facts.features)
    if not ((deviation >= _SMALLEST) & (deviation <= _LARGEST)).all():
        raise ModelError("the model's gate divides by a value that is not a positive number; export the model again")
    numbers = (facts.prototype_scale, facts.confidence_weight, facts.nearness_weight, facts.threshold)
    if not all(abs(number) <= _LARGEST for number in numbers):
        raise ModelError(f"a number of the model's gate is larger than {_LARGEST:g}; export the model again")
    prototypes = np.frombuffer(packed, np.int8, offset=4 * facts.features).reshape(facts.prototypes, facts.features)
    return Gate(
        deviation,
        prototypes,
        facts.prototype_scale,
        facts.confidence_weight,
        facts.nearness_weight,
        facts.threshold,
        load_distance(model),
    )
