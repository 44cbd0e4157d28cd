"""The 4 x 4 grid of MobileNet v1: four widths, four resolutions, and what was published about each."""

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

_NAME = re.compile(r"mobilenet_(1\.0|0\.75|0\.50?|0\.25)_(224|192|160|128)")
_TABLE = "mobilenet_v1.csv"


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


class Architecture(NamedTuple):
    """A width and an input size: ``alpha`` is the width multiplier, ``input_size`` the picture's edge in pixels."""

    alpha: float
    input_size: int

    @property
    def name(self) -> str:
        """The codelab's name, such as ``mobilenet_0.50_224``."""
        width = "1.0" if self.alpha == 1.0 else f"{self.alpha:.2f}"
        return f"mobilenet_{width}_{self.input_size}"

    @classmethod
    def parse(cls, name: str) -> Architecture:
        """The architecture called ``name``; ``0.5`` is read as ``0.50``.

        Raises :class:`~edge.errors.UsageError` for a name that is not one of the 16.
        """
        match = _NAME.fullmatch(name)
        if not match:
            raise UsageError(
                f"unknown architecture {name!r}; use mobilenet_WIDTH_SIZE with WIDTH 1.0, 0.75, 0.50 or 0.25 "
                "and SIZE 224, 192, 160 or 128"
            )
        return cls(float(match[1]), int(match[2]))


DEFAULT_ARCHITECTURE = Architecture(1.0, 224)


class Published(NamedTuple):
    """Published figures of one architecture; units and sources are in ``models/README.md``."""

    million_macs: float
    million_parameters: float
    top1_float: float
    top1_quantized: float
    pixel3_float_ms: float
    pixel3_quantized_ms: float


def grid() -> list[Architecture]:
    """All 16 architectures, the largest width and input size first."""
    return [Architecture(alpha, size) for alpha in ALPHAS for size in INPUT_SIZES]


@functools.cache
def published() -> dict[Architecture, Published]:
    """The published figures of all 16 architectures."""
    with _table_text().open(encoding="utf-8", newline="") as table:
        return {
            Architecture.parse(row.pop("architecture")): Published(**{k: float(v) for k, v in row.items()})
            for row in csv.DictReader(table)
        }


def _table_text() -> Path:
    packaged = Path(str(resources.files("trainer"))) / _TABLE  # its place in the wheel
    return packaged if packaged.exists() else Path(__file__).parents[2] / "models" / _TABLE
