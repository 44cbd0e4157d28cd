"""What the manifest says of the gate and of its distance."""

from __future__ import annotations

from typing import NamedTuple

from edge.modelfile.values import is_count, is_finite

GATE_NAME = "gate.bin"
DISTANCE_NAME = "distance.bin"


class GateFacts(NamedTuple):
    """What :class:`edge.inference.gate.Gate` needs beside the packed file :data:`GATE_NAME`, which has ``sha256``.

    ``tensor`` is the index of the bottleneck in the flatbuffer, the hidden second entry of the graph's outputs.
    The file holds ``features`` float32 and ``prototypes`` times ``features`` int8.
    """

    sha256: str
    tensor: int
    features: int
    prototypes: int
    prototype_scale: float
    confidence_weight: float
    nearness_weight: float
    threshold: float

    @property
    def packed_bytes(self) -> int:
        """The size of the packed file."""
        return self.features * (4 + self.prototypes)

    def check(self) -> None:
        """Raise :class:`ValueError` if a value is not of its kind."""
        counts = (self.tensor, self.features, self.prototypes)
        numbers = (self.prototype_scale, self.confidence_weight, self.nearness_weight, self.threshold)
        if not isinstance(self.sha256, str):
            raise ValueError("the sha256 of the gate is not a text")
        if not all(map(is_count, counts)) or min(counts[1:]) < 1:
            raise ValueError("a gate without a tensor, features or prototypes")
        if not all(map(is_finite, numbers)):
            raise ValueError("a value of the gate is not a number")


class DistanceFacts(NamedTuple):
    """What :class:`edge.inference.distance.Distance` needs beside the packed file :data:`DISTANCE_NAME`.

    The file, which has ``sha256``, holds the mean, one float32 a feature of the gate, ``axes`` variances, float32, and
    ``axes`` times the features int8. A release that does not know these facts uses the gate alone, with its threshold.
    """

    sha256: str
    axes: int
    axes_scale: float
    rest: float
    corner: float
    weight: float
    threshold: float

    def packed_bytes(self, features: int) -> int:
        """The size of the packed file for a gate of ``features``."""
        return features * (4 + self.axes) + 4 * self.axes

    def check(self) -> None:
        """Raise :class:`ValueError` if a value is not of its kind."""
        if not isinstance(self.sha256, str):
            raise ValueError("the sha256 of the distance is not a text")
        if not is_count(self.axes) or self.axes < 1:
            raise ValueError("a distance without axes")
        if not all(map(is_finite, (self.axes_scale, self.rest, self.corner, self.weight, self.threshold))):
            raise ValueError("a value of the distance is not a number")
