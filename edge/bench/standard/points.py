"""The 32 files of the standard set: sixteen MobileNets in int8 and float32, and the SHA-256 of each."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edge.bench.models import ModelFacts
from edge.bench.standard.digests import DIGESTS, Digest
from edge.bench.standard.network import write_network
from edge.errors import ConfigurationError, StorageError

VERSION = 1
"""Of the standard set. Other files, or another way to measure them, are another version."""

ALPHAS = (1.0, 0.75, 0.50, 0.25)
INPUT_SIZES = (224, 192, 160, 128)
QUANTIZATIONS = ("int8", "float32")


class Point(NamedTuple):
    """One file: the width multiplier, the edge of the pictures in pixels, and the quantization."""

    alpha: float
    input_size: int
    quantization: str

    @property
    def architecture(self) -> str:
        """The name of the network, such as ``mobilenet_0.50_224``."""
        return f"mobilenet_{'1.0' if self.alpha == 1.0 else f'{self.alpha:.2f}'}_{self.input_size}"

    @property
    def name(self) -> str:
        """The name of the file, such as ``mobilenet_0.50_224-int8.tflite``."""
        return f"{self.architecture}-{self.quantization}.tflite"

    @property
    def digest(self) -> Digest:
        """Size and SHA-256 of the file."""
        return DIGESTS[f"{self.architecture}-{self.quantization}"]


POINTS = tuple(
    Point(alpha, size, quantization) for quantization in QUANTIZATIONS for alpha in ALPHAS for size in INPUT_SIZES
)
"""All files, int8 first, the largest network first."""

_BY_NAME = {point.name: point for point in POINTS}


def standard_models() -> list[ModelFacts]:
    """What is known of the files before they are written. They have no path: see :func:`model_file`."""
    return [
        ModelFacts(
            path=None,
            name=point.name,
            sha256=point.digest.sha256,
            size_bytes=point.digest.size_bytes,
            architecture=point.architecture,
            quantization=point.quantization,
            input_size=point.input_size,
        )
        for point in POINTS
    ]


def standard_content(name: str) -> bytes:
    """The content of the file called ``name``.

    Raises :class:`~edge.errors.ConfigurationError` if it does not have its SHA-256: this Python or its numpy computes
    something else.
    """
    point = _BY_NAME[name]
    content = write_network(point.alpha, point.input_size, point.quantization)
    if hashlib.sha256(content).hexdigest() != point.digest.sha256:
        raise ConfigurationError(
            f"{name}: this machine writes other bytes than the standard set has; install numpy and Python anew"
        )
    return content


@contextlib.contextmanager
def model_file(model: ModelFacts, folder: Path) -> Iterator[Path]:
    """Where the file of ``model`` lies: a file of the standard set is written into ``folder``, and deleted at the end.

    One at a time, so that a board with little memory, in which ``/tmp`` may lie, can hold them. Raises
    :class:`~edge.errors.StorageError` if the file cannot be written.
    """
    if model.path is not None:
        yield model.path
        return
    path = folder / model.name
    content = standard_content(model.name)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot hold a model file of {len(content) / 1e6:.1f} MB ({error.strerror}); free space, or set "
            "TMPDIR to another folder"
        ) from None
    del content
    try:
        yield path
    finally:
        path.unlink()
