"""The layers of every architecture, by its family."""

from __future__ import annotations

import functools

from trainer.backbones.architectures import EFFICIENTNET_LITE0, MOBILENET_V2, MOBILENET_V3_SMALL, Architecture
from trainer.backbones.efficientnet_lite import efficientnet_lite0
from trainer.backbones.mobilenet_v1 import mobilenet_v1
from trainer.backbones.mobilenet_v2 import mobilenet_v2
from trainer.backbones.mobilenet_v3 import mobilenet_v3_small
from trainer.backbones.network_graph import NetworkGraph


@functools.cache
def network_graph(architecture: Architecture) -> NetworkGraph:
    """The layers of ``architecture``, from the picture to the bottleneck."""
    if architecture.family == EFFICIENTNET_LITE0:
        return efficientnet_lite0()
    makers = {MOBILENET_V2: mobilenet_v2, MOBILENET_V3_SMALL: mobilenet_v3_small}
    return makers.get(architecture.family, mobilenet_v1)(architecture)
