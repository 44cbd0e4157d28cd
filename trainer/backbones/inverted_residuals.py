"""Inverted residual blocks: wider inside, with linear ends that are added (Sandler et al. 2018, arXiv:1801.04381)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from trainer.backbones.network_graph import LINEAR, RELU6, Convolution, NetworkLayer, Sum

EXPAND, DEPTHWISE, PROJECT, ADD = "expand", "depthwise", "project", "add"
"""The parts of a block."""

Names = Callable[[int, str], tuple[str, str]]
"""Takes the number of a block, 0 is the first, and a part; returns the layer's name and that of its batch norm."""


class Stage(NamedTuple):
    """Blocks of one width: their kernel, how many times wider they are inside, their channels, how many there are.

    ``stride`` is that of the first one.
    """

    kernel: int
    expansion: int
    channels: int
    blocks: int
    stride: int


def inverted_residuals(stages: Sequence[Stage], before: Convolution, names: Names) -> list[NetworkLayer]:
    """The layers of all blocks of ``stages``, behind ``before``."""
    layers: list[NetworkLayer] = [before]
    channels, number = before.channels, 0
    for stage in stages:
        for place in range(stage.blocks):
            strided = stage if place == 0 else stage._replace(stride=1)
            layers += _block(number, strided, channels, layers[-1].name, names)
            channels, number = stage.channels, number + 1
    return layers[1:]


def _block(number: int, stage: Stage, channels: int, before: str, names: Names) -> list[NetworkLayer]:
    inside = channels * stage.expansion
    layers: list[NetworkLayer] = []

    def convolution(part: str, kernel: tuple[int, int, int, int], stride: int = 1) -> None:
        name, norm = names(number, part)
        activation = LINEAR if part == PROJECT else RELU6
        layers.append(Convolution(name, kernel, stride, part == DEPTHWISE, norm, activation))

    if stage.expansion > 1:
        convolution(EXPAND, (1, 1, channels, inside))
    convolution(DEPTHWISE, (stage.kernel, stage.kernel, inside, 1), stage.stride)
    convolution(PROJECT, (1, 1, inside, stage.channels))
    if stage.stride == 1 and channels == stage.channels:
        layers.append(Sum(names(number, ADD)[0], before, layers[-1].name))
    return layers
