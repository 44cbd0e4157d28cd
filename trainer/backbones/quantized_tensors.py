"""How values lie in the integers of a network: the scheme of TFLite's 8-bit quantization specification."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.backbones.network_graph import Convolution

STEPS = 255
"""Of a byte, from its lowest to its highest value."""

LOWEST = -128
"""The lowest value of int8."""

LARGEST_WEIGHT = 127
"""Of int8 weights, which are symmetric: -128 is not used."""


class Quantization(NamedTuple):
    """Of int8: the value ``q`` stands for ``scale * (q - zero_point)``."""

    scale: float
    zero_point: int

    @classmethod
    def of(cls, low: float, high: float) -> Quantization:
        """The quantization in which ``low`` and ``high`` are the ends; 0 lies between them and is exact."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = (high - low) / STEPS or 1.0
        return cls(scale, LOWEST + math.ceil(-low / scale - 0.5))  # a half is rounded down, as TensorFlow does


class Activations(NamedTuple):
    """A tensor of activations: its number in the graph, its edge in places, its channels, and how it is quantized.

    Its values are ``gain`` times those of the network.
    """

    number: int
    size: int
    channels: int
    quantization: Quantization
    gain: float = 1.0

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Pictures, height, width, channels."""
        return (1, self.size, self.size, self.channels)


ENDS_AT_6 = Quantization.of(0, 6)
"""Of activations that end at 0 and 6."""


def weight_scales(layer: Convolution, kernel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The scale of each channel's weights, so that the largest one is 127; 1 for a channel of zeros."""
    largest = np.abs(kernel).max(axis=(0, 1, 2) if layer.depthwise else (1, 2, 3))
    scales = (largest / LARGEST_WEIGHT).astype(np.float32)
    return np.where(scales > 0, scales, np.float32(1))
