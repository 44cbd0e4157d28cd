"""The networks that are known by name: the 4 x 4 grid of MobileNet v1, and its successors."""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources
from pathlib import Path
from typing import NamedTuple, Protocol

from edge.errors import UsageError

ALPHAS = (1.0, 0.75, 0.50, 0.25)
INPUT_SIZES = (224, 192, 160, 128)
QUANTIZATIONS = ("int8", "float32", "float16", "dynamic")
"""How a model computes: all integers; floats; float16 weights; 8-bit weights with float activations."""

DEFAULT_QUANTIZATIONS = ("int8",)
"""The quantizations that are exported by default."""

CONVERTERS = ("direct", "tensorflow")
"""How a backbone is made: written directly from its weights, or by TensorFlow's converter, the reference."""

_TABLE = "networks.csv"
_OF_ALL = ("million_macs", "million_parameters", "top1_float")
_OF_SOME = ("top1_quantized", "pixel3_float_ms", "pixel3_quantized_ms")


MOBILENET_V1, MOBILENET_V2, MOBILENET_V3_SMALL, EFFICIENTNET_LITE0 = (
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "efficientnet_lite0",
)
"""The families of networks, as their names begin."""

BLOCKS = 13
"""Depthwise-separable blocks of MobileNet v1, after the first full convolution."""


class Network(Protocol):
    """What all networks have: a name, and ``input_size``, the edge of the square pictures that they take, in pixels."""

    @property
    def name(self) -> str:
        """How the network is called in file names, reports and the manifest."""

    @property
    def input_size(self) -> int:
        """The edge of the pictures, in pixels."""


class _Family(NamedTuple):
    """The widths and the input sizes for which weights were published, the largest first."""

    alphas: tuple[float, ...]
    input_sizes: tuple[int, ...]


FAMILIES = {
    MOBILENET_V1: _Family(ALPHAS, INPUT_SIZES),
    MOBILENET_V2: _Family((1.0, 0.75, 0.50, 0.35), (*INPUT_SIZES, 96)),
    MOBILENET_V3_SMALL: _Family((1.0, 0.75), (224,)),
    EFFICIENTNET_LITE0: _Family((1.0,), (224,)),
}
"""What each family has."""


class Architecture(NamedTuple):
    """A network: ``alpha`` is the width multiplier, ``input_size`` the picture's edge in pixels."""

    alpha: float
    input_size: int
    family: str = MOBILENET_V1

    @property
    def name(self) -> str:
        """The codelab's name, such as ``mobilenet_0.50_224``; a family of one width leaves the width out."""
        if len(FAMILIES[self.family].alphas) == 1:
            return f"{self.family}_{self.input_size}"
        width = "1.0" if self.alpha == 1.0 else f"{self.alpha:.2f}"
        return f"{self.family}_{width}_{self.input_size}"

    @classmethod
    def parse(cls, name: str) -> Architecture:
        """The architecture called ``name``; ``0.5`` is read as ``0.50``.

        Raises :class:`~edge.errors.UsageError` for a name that is not one of them.
        """
        found = _by_name().get(re.sub(r"_0\.5_", "_0.50_", name))
        if found is None:
            raise UsageError(
                f"unknown architecture {name!r}; use mobilenet_WIDTH_SIZE with WIDTH 1.0, 0.75, 0.50 or 0.25 "
                "and SIZE 224, 192, 160 or 128; trainer architectures lists all networks"
            )
        return found


DEFAULT_ARCHITECTURE = Architecture(1.0, 224)


class Published(NamedTuple):
    """Published figures of one architecture; units and sources are in ``models/README.md``. None: not published."""

    million_macs: float
    million_parameters: float
    top1_float: float
    top1_quantized: float | None
    pixel3_float_ms: float | None
    pixel3_quantized_ms: float | None


def grid() -> list[Architecture]:
    """The 16 architectures of MobileNet v1, the largest width and input size first."""
    return [architecture for architecture in architectures() if architecture.family == MOBILENET_V1]


@functools.cache
def architectures() -> tuple[Architecture, ...]:
    """All architectures, family by family, the largest width and input size first."""
    return tuple(
        Architecture(alpha, size, name)
        for name, family in FAMILIES.items()
        for alpha in family.alphas
        for size in family.input_sizes
    )


@functools.cache
def _by_name() -> dict[str, Architecture]:
    return {architecture.name: architecture for architecture in architectures()}


@functools.cache
def published() -> dict[Architecture, Published]:
    """The published figures of all architectures."""
    with _table_text().open(encoding="utf-8", newline="") as table:
        return {
            Architecture.parse(row["architecture"]): Published(
                *(float(row[name]) for name in _OF_ALL), *(float(row[name]) if row[name] else None for name in _OF_SOME)
            )
            for row in csv.DictReader(table)
        }


def _table_text() -> Path:
    packaged = Path(str(resources.files("trainer"))) / _TABLE  # its place in the wheel
    return packaged if packaged.exists() else Path(__file__).parents[2] / "models" / _TABLE
