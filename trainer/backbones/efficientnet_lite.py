"""The network of EfficientNet-Lite0: inverted residual blocks, found by search (Tan and Le 2019, arXiv:1905.11946).

It has no squeeze-and-excite, and ends at 6 instead of swish: made for 8 bits
(tensorflow/tpu, models/official/efficientnet/lite).
"""

from __future__ import annotations

from trainer.backbones.inverted_residuals import ADD, DEPTHWISE, EXPAND, PROJECT, Stage, inverted_residuals
from trainer.backbones.network_graph import Convolution, NetworkGraph

_FIRST, _LAST = 32, 1280
_STAGES = (
    Stage(3, 1, 16, 1, 1),
    Stage(3, 6, 24, 2, 2),
    Stage(5, 6, 40, 2, 2),
    Stage(3, 6, 80, 3, 2),
    Stage(5, 6, 112, 3, 1),
    Stage(5, 6, 192, 4, 2),
    Stage(3, 6, 320, 1, 1),
)
_MEAN, _STD = 127.0, 128.0
_PARTS = {
    EXPAND: ("_expand_conv", "_bn0"),
    DEPTHWISE: ("_depthwise_conv", "_bn1"),
    PROJECT: ("_project_conv", "_bn2"),
    ADD: ("add", ""),
}


def efficientnet_lite0() -> NetworkGraph:
    """Its layers, with the names in the published PyTorch weights."""
    first = Convolution("_conv_stem", (3, 3, 3, _FIRST), 2, False, "_bn0")
    last = Convolution("_conv_head", (1, 1, _STAGES[-1].channels, _LAST), 1, False, "_bn1")
    layers = (first, *inverted_residuals(_STAGES, first, _names), last)
    return NetworkGraph("EfficientNet-Lite0", layers, mean=_MEAN, std=_STD)


def _names(block: int, part: str) -> tuple[str, str]:
    name, norm = _PARTS[part]
    return f"_blocks.{block}.{name}", f"_blocks.{block}.{norm}"
