"""The directions that come with the trainer: one small file for each network, see ``models/README.md``.

A file holds the rows (1,000 classes, values of the bottleneck) as a product of two matrices of int8, of rank 96: the
``axes`` (96, values), and the place of each class on them, ``classes`` (1000, 96); ``steps`` (96,) float32 is what one
step on an axis stands for. Rows have unit length once they are scaled to it.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.backbones.tuned_weights import Floats

_FOLDER = "directions"
_NAMES = "names.txt"
_LEAST_LENGTH = 1e-12


class Factors(NamedTuple):
    """The content of a file: ``classes`` (classes, rank), ``axes`` (rank, values), ``steps`` (rank,)."""

    classes: npt.NDArray[np.int8]
    axes: npt.NDArray[np.int8]
    steps: Floats

    def vectors(self) -> Floats:
        """The directions (classes, values), each of unit length."""
        return unit_rows((self.classes * self.steps) @ self.axes.astype(np.float32))


def packaged_networks() -> list[str]:
    """The names of the networks whose directions come with the trainer, in the order of the alphabet."""
    return sorted(path.stem for path in _folder().glob("*.npz"))


def packaged_directions(network: str) -> Floats:
    """The directions (1000, values of the bottleneck) of ImageNet's classes for ``network``, each of unit length."""
    with np.load(_folder() / f"{network}.npz", allow_pickle=False) as file:
        return Factors(*(file[name] for name in Factors._fields)).vectors()


def imagenet_names() -> tuple[str, ...]:
    """The names of ImageNet's 1,000 classes, in their order. Two pairs of classes share one: crane, and maillot."""
    return tuple((_folder() / _NAMES).read_text(encoding="utf-8").splitlines())


def unit_rows(rows: Floats) -> Floats:
    """``rows``, each scaled to unit length; a row of zeros stays."""
    rows = np.ascontiguousarray(rows)  # sums depend on the order in memory
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Floats = (rows / np.maximum(lengths, _LEAST_LENGTH)).astype(np.float32)
    return scaled


def _folder() -> Path:
    packaged = Path(str(resources.files("trainer"))) / _FOLDER  # its place in the wheel
    return packaged if packaged.exists() else Path(__file__).parents[2] / "models" / _FOLDER
