"""The network of MobileNetV2: inverted residual blocks (Sandler et al. 2018, arXiv:1801.04381, table 2)."""

from __future__ import annotations

from trainer.backbones.architectures import Architecture
from trainer.backbones.inverted_residuals import Stage, inverted_residuals
from trainer.backbones.network_graph import Convolution, NetworkGraph, make_divisible

_FIRST, _LAST = 32, 1280
_STAGES = (
    Stage(3, 1, 16, 1, 1),
    Stage(3, 6, 24, 2, 2),
    Stage(3, 6, 32, 3, 2),
    Stage(3, 6, 64, 4, 2),
    Stage(3, 6, 96, 3, 1),
    Stage(3, 6, 160, 3, 2),
    Stage(3, 6, 320, 1, 1),
)


def mobilenet_v2(architecture: Architecture) -> NetworkGraph:
    """The layers of ``architecture``, with Keras' names; the last convolution has 1280 channels at each width."""
    alpha = architecture.alpha
    first = Convolution("Conv1", (3, 3, 3, make_divisible(_FIRST * alpha)), 2, False, "bn_Conv1")
    stages = [stage._replace(channels=make_divisible(int(stage.channels * alpha))) for stage in _STAGES]
    last = Convolution("Conv_1", (1, 1, stages[-1].channels, _LAST), 1, False, "Conv_1_bn")
    return NetworkGraph("MobileNetV2", (first, *inverted_residuals(stages, first, _names), last))


def _names(block: int, part: str) -> tuple[str, str]:
    name = f"block_{block}_{part}" if block else f"expanded_conv_{part}"
    return name, f"{name}_BN"
