"""Remembered bottlenecks: a few of each class, packed into the model file, so that it can learn another class later.

The photos may be gone then. A bottleneck is not a photo, but it says what was seen in one: see docs/teaching.md on
privacy.

The file holds the bottlenecks in the order of the labels, each as ``features`` bytes, int8. A value is
``scale * (byte - zero_point)``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import DataError, UsageError
from edge.inference.interpreter import dequantize
from edge.modelfile.manifest import REMEMBERED_NAME, RememberedFacts
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec

MOST_BYTES = 12 << 20
"""The most bytes of all remembered bottlenecks: all that is packed into a model may take 16.7 MB."""


_VALIDATES = 5  # one of this number of bottlenecks is for validation


class Remembered(NamedTuple):
    """Bottlenecks of photos that may be gone: ``features`` (photos, values), float32, and each one's index of
    ``labels``, (photos,).
    """

    labels: tuple[str, ...]
    features: npt.NDArray[np.float32]
    indices: npt.NDArray[np.intp]

    @property
    def counts(self) -> dict[str, int]:
        """How many bottlenecks each label has."""
        numbers = np.bincount(self.indices, minlength=len(self.labels)).tolist()
        return dict(zip(self.labels, numbers, strict=True))

    @property
    def training(self) -> Remembered:
        """Four of five bottlenecks of each label, and the only one of a label: a head is fitted on them."""
        return self._where(~self._validates())

    @property
    def validation(self) -> Remembered:
        """Every fifth bottleneck of each label: a penalty and a temperature are chosen on them."""
        return self._where(self._validates())

    def _validates(self) -> npt.NDArray[np.bool_]:
        places = np.zeros(len(self.indices), np.intp)
        for label in range(len(self.labels)):
            own = self.indices == label
            places[own] = np.arange(own.sum())
        return np.asarray(places % _VALIDATES == _VALIDATES - 1)

    def _where(self, chosen: npt.NDArray[np.bool_]) -> Remembered:
        return Remembered(self.labels, self.features[chosen], self.indices[chosen])

    def of_labels(self, labels: Sequence[str]) -> Remembered:
        """The same for ``labels``, which begin with its own; of the others it remembers nothing."""
        return self._replace(labels=tuple(labels))

    def packed(self, output: TensorSpec) -> PackedBottlenecks:
        """The packed file, and its facts for the manifest; ``output`` is the bottleneck's tensor in the artifact.

        An int8 artifact's bottlenecks are kept as they are, those of another one are rounded to 256 steps.
        """
        scale, zero_point = _steps(output, self.features)
        order = np.argsort(self.indices, kind="stable")
        rounded = np.rint(self.features[order] / np.float32(scale)) + zero_point
        content = np.clip(rounded, -128, 127).astype(np.int8).tobytes()
        facts = RememberedFacts(
            sha256=hashlib.sha256(content).hexdigest(),
            counts=list(self.counts.values()),
            features=self.features.shape[1],
            scale=scale,
            zero_point=zero_point,
        )
        return PackedBottlenecks(content, facts)


class PackedBottlenecks(NamedTuple):
    """The packed file :data:`~edge.modelfile.manifest.REMEMBERED_NAME` and what the manifest says of it."""

    content: bytes
    facts: RememberedFacts


def remember(
    features: npt.NDArray[np.floating[Any]], indices: npt.NDArray[np.intp], labels: Sequence[str], count: int
) -> Remembered:
    """At most ``count`` of the bottlenecks ``features`` (photos, values) of each label; ``indices`` (photos,).

    They are chosen one after the other, so that the mean of those that are chosen stays near the mean of the class:
    herding, as in Rebuffi et al., *iCaRL: Incremental Classifier and Representation Learning* (2017).

    Raises :class:`~edge.errors.UsageError` if they would take more than :data:`MOST_BYTES`.
    """
    each = np.minimum(np.bincount(indices, minlength=len(labels)), count)
    size = int(each.sum()) * features.shape[1]
    if size > MOST_BYTES:
        most = MOST_BYTES // (len(labels) * features.shape[1])
        raise UsageError(
            f"--remember {count} would take {size / 1e6:.1f} MB of the model file, and {MOST_BYTES / 1e6:.1f} MB is "
            f"the most: give at most {most}"
        )
    rows = [_herd(features, np.flatnonzero(indices == label), count) for label in range(len(labels))]
    kept = np.concatenate(rows) if rows else np.zeros(0, np.intp)
    return Remembered(tuple(labels), features[kept].astype(np.float32), indices[kept])


def read_remembered(model: ModelFile) -> Remembered | None:
    """The bottlenecks that ``model`` remembers; None if it remembers none."""
    facts = model.manifest.remembered if model.manifest else None
    if facts is None:
        return None
    packed = np.frombuffer(model.packed[REMEMBERED_NAME], np.int8)  # its size was checked with the manifest
    tensor = TensorSpec("", packed.shape, packed.dtype, facts.scale, facts.zero_point)
    features = dequantize(packed, tensor).reshape(-1, facts.features)
    places = {label: place for place, label in enumerate(model.classes)}
    counts = [count for label, count in zip(model.labels, facts.counts, strict=True) if label in places]
    of_classes = np.repeat([label in places for label in model.labels], facts.counts)
    return Remembered(model.classes, features[of_classes], np.repeat(np.arange(len(counts)), counts).astype(np.intp))


def require_remembered(remembered: Remembered | None, name: str) -> Remembered:
    """What the model file ``name`` remembers, which :func:`read_remembered` has read.

    Raises :class:`~edge.errors.DataError` if that is nothing.
    """
    if remembered is None:
        raise DataError(
            f"{name}: does not remember its classes, so that another class cannot be taught beside them; retrain it "
            "with --remember 40, or teach all classes again"
        )
    return remembered


def _herd(features: npt.NDArray[np.floating[Any]], rows: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """At most ``count`` of the ``rows`` of ``features``, in ascending order."""
    if len(rows) <= count:
        return rows
    own = features[rows].astype(np.float64)
    mean = own.mean(axis=0)
    left = np.ones(len(rows), bool)
    total = np.zeros(own.shape[1])
    squares = (own**2).sum(axis=1)
    for chosen in range(count):
        # The nearest to the mean that the sum lacks: |(total + x) / (chosen + 1) - mean|^2, without what all share.
        wanted = (chosen + 1) * mean - total
        distance = np.where(left, squares - 2 * own @ wanted, np.inf)
        nearest = int(distance.argmin())
        left[nearest] = False
        total += own[nearest]
    return rows[~left]


def _steps(output: TensorSpec, features: npt.NDArray[np.float32]) -> tuple[float, int]:
    """The scale and the zero point of the bytes: those of an int8 tensor, else 256 steps over all values."""
    if output.dtype == np.int8:
        return float(output.scale), int(output.zero_point)
    low, high = min(float(features.min(initial=0.0)), 0.0), max(float(features.max(initial=0.0)), 1e-6)
    scale = (high - low) / 255
    return scale, round(-128 - low / scale)
