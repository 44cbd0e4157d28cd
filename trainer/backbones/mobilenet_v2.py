"""The network of MobileNetV2: inverted residual blocks with linear ends (Sandler et al. 2018, arXiv:1801.04381)."""

from __future__ import annotations

from typing import NamedTuple

from trainer.backbones.architectures import Architecture
from trainer.backbones.network_graph import LINEAR, Convolution, NetworkGraph, NetworkLayer, Sum, make_divisible


class _Stage(NamedTuple):
    """A line of table 2 of the paper: how much wider a block is inside, its channels, how many, the first's stride."""

    expansion: int
    channels: int
    blocks: int
    stride: int


_FIRST, _LAST = 32, 1280
_STAGES = (
    _Stage(1, 16, 1, 1),
    _Stage(6, 24, 2, 2),
    _Stage(6, 32, 3, 2),
    _Stage(6, 64, 4, 2),
    _Stage(6, 96, 3, 1),
    _Stage(6, 160, 3, 2),
    _Stage(6, 320, 1, 1),
)


def mobilenet_v2(architecture: Architecture) -> NetworkGraph:
    """The layers of ``architecture``, with Keras' names; the last convolution has 1280 channels at each width."""
    channels = make_divisible(_FIRST * architecture.alpha)
    layers: list[NetworkLayer] = [Convolution("Conv1", (3, 3, 3, channels), 2, False, "bn_Conv1")]
    block = 0
    for stage in _STAGES:
        wider = make_divisible(int(stage.channels * architecture.alpha))
        for place in range(stage.blocks):
            stride = 1 if place else stage.stride
            layers += _block(block, channels, wider, stage.expansion, stride, layers[-1].name)
            channels, block = wider, block + 1
    layers.append(Convolution("Conv_1", (1, 1, channels, _LAST), 1, False, "Conv_1_bn"))
    return NetworkGraph("MobileNetV2", tuple(layers))


def _block(number: int, channels: int, wider: int, expansion: int, stride: int, before: str) -> list[NetworkLayer]:
    prefix = f"block_{number}" if number else "expanded_conv"
    inside = channels * expansion
    layers: list[NetworkLayer] = []
    if expansion > 1:
        name = f"{prefix}_expand"
        layers.append(Convolution(name, (1, 1, channels, inside), 1, False, f"{name}_BN"))
    name = f"{prefix}_depthwise"
    layers.append(Convolution(name, (3, 3, inside, 1), stride, True, f"{name}_BN"))
    name = f"{prefix}_project"
    layers.append(Convolution(name, (1, 1, inside, wider), 1, False, f"{name}_BN", LINEAR))
    if stride == 1 and channels == wider:
        layers.append(Sum(f"{prefix}_add", before, name))
    return layers
