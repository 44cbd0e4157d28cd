"""What looks alike, without bottlenecks: a few values of each look, to find candidates for one group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainer.photos.look import LOOK_SIZE, Look

VALUES = 65
"""Values of each look."""

_CELLS = 8  # in a row of a look
_IN_COMMON = 2 / 3  # a cosine of 0.5 becomes 0.7, from which on bottlenecks name candidates: (0.5 + 2/3) / (1 + 2/3)


def look_features(looks: Sequence[Look]) -> npt.NDArray[np.float32]:
    """The values of each look, in place of a bottleneck: (looks, :data:`VALUES`). Those of a mirrored one are the same.

    They are the brightness in 8 x 8 cells, without the mean: the sum of each cell and of the mirrored one, and the size
    of their difference, at unit length; and one that all looks have in common. Copies of a photo, moved, turned or
    cropped a little, have a large cosine. So have some photos that are not copies: the pixels must decide.
    """
    if not looks:
        return np.zeros((0, VALUES), np.float32)
    return pixel_features(np.stack([look.pixels for look in looks]))


def pixel_features(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The values of looks given as pixels (looks, 64, 64): see :func:`look_features`."""
    side = LOOK_SIZE // _CELLS
    cells = pixels.reshape(-1, _CELLS, side, _CELLS, side).mean(axis=(2, 4), dtype=np.float32)
    cells -= cells.mean(axis=(1, 2), keepdims=True)
    mirrored = cells[:, :, ::-1]
    half = _CELLS // 2
    even, odd = (cells + mirrored)[:, :, :half], np.abs(cells - mirrored)[:, :, :half]
    values = np.concatenate([even, odd], axis=2).reshape(len(pixels), -1)
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), np.float32(1e-6))
    features: npt.NDArray[np.float32] = np.pad(values, ((0, 0), (0, 1)), constant_values=np.sqrt(_IN_COMMON))
    return features
