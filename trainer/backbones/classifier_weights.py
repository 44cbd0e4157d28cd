"""The classifier that a file of weights has behind the network: ImageNet's, as it was published."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from edge.errors import ConfigurationError, DataError
from trainer.backbones.architectures import MOBILENET_V3_SMALL, Architecture
from trainer.backbones.frozen_graph import graph_constants, read_graph
from trainer.backbones.keras_file import read_keras_classifier
from trainer.backbones.networks import network_graph
from trainer.backbones.torch_weights import read_torch_arrays
from trainer.backbones.tuned_weights import Floats

_GRAPH_NAME = "MobilenetV1/Logits/Conv2d_1c_1x1/weights"
_TORCH_NAME = "_fc.weight"


def read_classifier(path: Path, architecture: Architecture) -> Floats | None:
    """The weights (classes, values of the bottleneck) of the classifier behind ``architecture`` in the file ``path``.

    It is a file that :func:`~trainer.backbones.read_layers.read_layers` reads. None if it has no classifier, or one of
    more than one layer, as MobileNetV3 has.

    Raises :class:`~edge.errors.ConfigurationError` if the file is damaged.
    """
    try:
        weights = _read(path, architecture)
    except (OSError, DataError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigurationError(f"{path}: no classifier can be read ({reason})") from None
    values = network_graph(architecture).convolutions[-1].channels
    if weights is None or weights.ndim != 2 or weights.shape[1] != values or not np.isfinite(weights).all():
        return None
    return weights


def _read(path: Path, architecture: Architecture) -> Floats | None:
    if path.suffix.lower() == ".npz" or architecture.family == MOBILENET_V3_SMALL:  # fine-tuned weights have none
        return None
    if path.suffix.lower() == ".pth":
        return read_torch_arrays(path).get(_TORCH_NAME)
    if path.suffix.lower() == ".pb":
        kernel = graph_constants(read_graph(path)).get(_GRAPH_NAME)
    else:
        kernel = read_keras_classifier(path, network_graph(architecture))
    if kernel is None or kernel.ndim < 2 or math.prod(kernel.shape[:-2]) != 1:
        return None
    return kernel.reshape(kernel.shape[-2:]).T
