"""The network of MobileNetV3-Small: hard swish, and squeeze-and-excite (Howard et al. 2019, arXiv:1905.02244).

The factors of squeeze-and-excite are a hard sigmoid, min(max(x + 3, 0), 6) / 6. Here the 3 is a part of the bias before
it, its end at 6 is fused, and the 6 divides the weights of the convolution behind it: no operator is left of it.
"""

from __future__ import annotations

from typing import NamedTuple

from trainer.backbones.architectures import Architecture
from trainer.backbones.network_graph import (
    HARD_SWISH,
    LINEAR,
    RELU,
    RELU6,
    Convolution,
    Mean,
    NetworkGraph,
    NetworkLayer,
    Product,
    Sum,
    make_divisible,
)


class _Block(NamedTuple):
    """A line of table 2 of the paper: kernel, how much wider it is inside, channels, squeeze-and-excite, activation."""

    kernel: int
    expansion: float
    channels: int
    squeezed: bool
    activation: str
    stride: int


_FIRST = 16
_BLOCKS = (
    _Block(3, 1, 16, True, RELU, 2),
    _Block(3, 72 / 16, 24, False, RELU, 2),
    _Block(3, 88 / 24, 24, False, RELU, 1),
    _Block(5, 4, 40, True, HARD_SWISH, 2),
    _Block(5, 6, 40, True, HARD_SWISH, 1),
    _Block(5, 6, 40, True, HARD_SWISH, 1),
    _Block(5, 3, 48, True, HARD_SWISH, 1),
    _Block(5, 3, 48, True, HARD_SWISH, 1),
    _Block(5, 6, 96, True, HARD_SWISH, 2),
    _Block(5, 6, 96, True, HARD_SWISH, 1),
    _Block(5, 6, 96, True, HARD_SWISH, 1),
)
_LAST_EXPANSION = 6
_SQUEEZED = 0.25  # of the channels inside a block


def mobilenet_v3_small(architecture: Architecture) -> NetworkGraph:
    """The layers of ``architecture``, with Keras' names, up to the last convolution with a batch norm."""
    channels = _FIRST
    layers: list[NetworkLayer] = [Convolution("conv", (3, 3, 3, channels), 2, False, "conv_bn", HARD_SWISH)]
    for number, block in enumerate(_BLOCKS):
        wider = make_divisible(block.channels * architecture.alpha)
        layers += _layers(f"expanded_conv_{number}" if number else "expanded_conv", block, channels, wider, layers[-1])
        channels = wider
    last = make_divisible(channels * _LAST_EXPANSION)
    layers.append(Convolution("conv_1", (1, 1, channels, last), 1, False, "conv_1_bn", HARD_SWISH))
    return NetworkGraph("MobileNetV3-Small", tuple(layers))


def _layers(prefix: str, block: _Block, channels: int, wider: int, before: NetworkLayer) -> list[NetworkLayer]:
    inside = make_divisible(channels * block.expansion)
    layers: list[NetworkLayer] = []
    if block.expansion > 1:
        name = f"{prefix}_expand"
        layers.append(Convolution(name, (1, 1, channels, inside), 1, False, f"{name}_bn", block.activation))
    name = f"{prefix}_depthwise"
    kernel = (block.kernel, block.kernel, inside, 1)
    layers.append(Convolution(name, kernel, block.stride, True, f"{name}_bn", block.activation))
    if block.squeezed:
        layers += _squeeze_and_excite(prefix, name, inside)
    name = f"{prefix}_project"
    factor = 1 / 6 if block.squeezed else 1.0
    layers.append(Convolution(name, (1, 1, inside, wider), 1, False, f"{name}_bn", LINEAR, factor=factor))
    if block.stride == 1 and channels == wider:
        layers.append(Sum(f"{prefix}_add", before.name, name))
    return layers


def _squeeze_and_excite(prefix: str, source: str, channels: int) -> list[NetworkLayer]:
    prefix = f"{prefix}_squeeze_excite"
    few = make_divisible(channels * _SQUEEZED)
    return [
        Mean(f"{prefix}_avg_pool", source),
        Convolution(f"{prefix}_conv", (1, 1, channels, few), 1, False, None, RELU),
        Convolution(f"{prefix}_conv_1", (1, 1, few, channels), 1, False, None, RELU6, shift=3.0),
        Product(f"{prefix}_mul", source, f"{prefix}_conv_1"),
    ]
