"""Weights of the standard set: bytes of SHAKE-256, the same on every processor and with every release of numpy."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

_SEED = "edge-for-poets standard 1"
_LARGEST = 127  # of int8 weights, which are symmetric
_HALF_VARIANCE = 2686  # of whole numbers from -127 to 127, drawn with equal chances


def seeded_integers(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.int8]:
    """Whole numbers from -127 to 127, int8 of ``shape``; another ``name`` gives others."""
    count = 1
    for size in shape:
        count *= size
    stream = hashlib.shake_256(f"{_SEED} {name}".encode()).digest(count)
    return np.maximum(np.frombuffer(stream, np.int8), -_LARGEST).astype(np.int8).reshape(shape)


def halvings(inputs: int) -> int:
    """How often such weights are halved, so that a sum over ``inputs`` values is about as large as one value.

    The variance of the weights is then about 2 / ``inputs``, which fits activations that cut off the negative half
    (He et al. 2015, arXiv:1502.01852).
    """
    return (_HALF_VARIANCE * inputs).bit_length() // 2


def halved(numbers: npt.NDArray[np.int8], times: int) -> npt.NDArray[np.float32]:
    """``numbers``, each halved so many ``times``, float32: every result is exact."""
    return numbers.astype("<f4") * np.float32(2.0**-times)
