"""The network of MobileNet v1: its convolutions, their widths and strides (Howard et al. 2017, arXiv:1704.04861)."""

from __future__ import annotations

from trainer.backbones.architectures import Architecture
from trainer.backbones.network_graph import Convolution, NetworkGraph

BATCH_NORM_EPSILON = 1e-3
"""Added to the variance in every batch norm, by Keras and in Google's graphs alike."""

FIRST_CHANNELS = 32
"""Channels of the first convolution, at width 1."""

_WIDTHS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_STRIDED_BLOCKS = (2, 4, 6, 12)


def mobilenet_v1(architecture: Architecture) -> NetworkGraph:
    """The layers of ``architecture``: 27 convolutions, each of which ends at 6."""
    return NetworkGraph("MobileNet v1", tuple(convolutions(architecture)), BATCH_NORM_EPSILON)


def convolutions(architecture: Architecture) -> list[Convolution]:
    """All 27 convolutions of ``architecture``, in order."""
    channels = int(FIRST_CHANNELS * architecture.alpha)
    found = [_convolution("conv1", (3, 3, 3, channels), 2, False)]
    for block, width in enumerate(_WIDTHS, start=1):
        stride = 2 if block in _STRIDED_BLOCKS else 1
        found.append(_convolution(f"conv_dw_{block}", (3, 3, channels, 1), stride, True))
        wider = int(width * architecture.alpha)
        found.append(_convolution(f"conv_pw_{block}", (1, 1, channels, wider), 1, False))
        channels = wider
    return found


def _convolution(name: str, kernel: tuple[int, int, int, int], stride: int, depthwise: bool) -> Convolution:
    return Convolution(name, kernel, stride, depthwise, norm=f"{name}_bn")


def layer_names(from_block: int = 0) -> list[str]:
    """Keras' names of the convolutions from ``from_block`` (0 to 13) on, in order; 0 includes the first one."""
    names = [layer.name for layer in convolutions(Architecture(1.0, 224))]
    return names[max(0, 2 * from_block - 1) :]  # two a block, behind the first one
