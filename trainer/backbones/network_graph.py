"""A network as the list of its layers, from the picture to the bottleneck; each family of networks makes its own list.

The writer of model files, the readers of weights and TensorFlow's twin of a network all go by this list.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

LINEAR, RELU, RELU6, HARD_SWISH = "linear", "relu", "relu6", "hard swish"
"""What happens to the output x of a convolution: nothing; max(x, 0); also min(x, 6); x min(max(x + 3, 0), 6) / 6."""


class Convolution(NamedTuple):
    """A convolution with its bias and its ``activation``; padding is TensorFlow's SAME.

    ``name`` and ``norm``, its batch norm, are those in files of weights; without a ``norm`` it has a bias of its own.
    ``kernel`` is (height, width, channels in, channels out), of a depthwise one (height, width, channels, 1). The
    weights of the file are multiplied by ``factor``, and ``shift`` is added to the bias. ``source`` is the layer whose
    output it takes; None: the one before it, or the picture.
    """

    name: str
    kernel: tuple[int, int, int, int]
    stride: int
    depthwise: bool
    norm: str | None = None
    activation: str = RELU6
    source: str | None = None
    factor: float = 1.0
    shift: float = 0.0

    @property
    def channels(self) -> int:
        """How many channels come out."""
        return self.kernel[2] if self.depthwise else self.kernel[3]


class Mean(NamedTuple):
    """The mean of each channel of ``source`` over the picture: (1, 1, channels)."""

    name: str
    source: str


class Product(NamedTuple):
    """The values of ``source``, each channel multiplied by that of ``factors``, the name of a :class:`Mean`'s heir."""

    name: str
    source: str
    factors: str


class Sum(NamedTuple):
    """The sum of the values of ``first`` and ``second``, which have one shape."""

    name: str
    first: str
    second: str


NetworkLayer: TypeAlias = Convolution | Mean | Product | Sum


class NetworkGraph(NamedTuple):
    """``layers`` in the order in which they are computed; the bottleneck is the mean of the last one over the picture.

    ``epsilon`` is added to the variance in each batch norm. A pixel p of 0 to 255 goes in as ``(p - mean) / std``.
    """

    title: str
    layers: tuple[NetworkLayer, ...]
    epsilon: float = 1e-3
    mean: float = 127.5
    std: float = 127.5

    @property
    def convolutions(self) -> list[Convolution]:
        """The convolutions, in order."""
        return [layer for layer in self.layers if isinstance(layer, Convolution)]


def make_divisible(channels: float, divisor: int = 8) -> int:
    """``channels`` as a multiple of ``divisor``, at least 0.9 of it, as MobileNetV2's authors round widths."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded
