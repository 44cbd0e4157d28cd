"""The network of EfficientNet-Lite0: MobileNetV2's blocks, found by search (Tan and Le 2019, arXiv:1905.11946).

It has no squeeze-and-excite, and ends at 6 instead of swish: made for 8 bits
(tensorflow/tpu, models/official/efficientnet/lite).
"""

from __future__ import annotations

from typing import NamedTuple

from trainer.backbones.network_graph import LINEAR, Convolution, NetworkGraph, NetworkLayer, Sum


class _Stage(NamedTuple):
    """Kernel, how much wider a block is inside, its channels, how many blocks, and the first one's stride."""

    kernel: int
    expansion: int
    channels: int
    blocks: int
    stride: int


_FIRST, _LAST = 32, 1280
_STAGES = (
    _Stage(3, 1, 16, 1, 1),
    _Stage(3, 6, 24, 2, 2),
    _Stage(5, 6, 40, 2, 2),
    _Stage(3, 6, 80, 3, 2),
    _Stage(5, 6, 112, 3, 1),
    _Stage(5, 6, 192, 4, 2),
    _Stage(3, 6, 320, 1, 1),
)
_MEAN, _STD = 127.0, 128.0


def efficientnet_lite0() -> NetworkGraph:
    """Its layers, with the names in the published PyTorch weights."""
    channels, block = _FIRST, 0
    layers: list[NetworkLayer] = [Convolution("_conv_stem", (3, 3, 3, channels), 2, False, "_bn0")]
    for stage in _STAGES:
        for place in range(stage.blocks):
            stride = 1 if place else stage.stride
            layers += _layers(f"_blocks.{block}", stage, channels, stride, layers[-1].name)
            channels, block = stage.channels, block + 1
    layers.append(Convolution("_conv_head", (1, 1, channels, _LAST), 1, False, "_bn1"))
    return NetworkGraph("EfficientNet-Lite0", tuple(layers), mean=_MEAN, std=_STD)


def _layers(prefix: str, stage: _Stage, channels: int, stride: int, before: str) -> list[NetworkLayer]:
    inside = channels * stage.expansion
    layers: list[NetworkLayer] = []
    if stage.expansion > 1:
        kernel = (1, 1, channels, inside)
        layers.append(Convolution(f"{prefix}._expand_conv", kernel, 1, False, f"{prefix}._bn0"))
    kernel = (stage.kernel, stage.kernel, inside, 1)
    layers.append(Convolution(f"{prefix}._depthwise_conv", kernel, stride, True, f"{prefix}._bn1"))
    kernel, name = (1, 1, inside, stage.channels), f"{prefix}._project_conv"
    layers.append(Convolution(name, kernel, 1, False, f"{prefix}._bn2", LINEAR))
    if stride == 1 and channels == stage.channels:
        layers.append(Sum(f"{prefix}.add", before, name))
    return layers
