"""What looks alike, without bottlenecks: a few values of each look, to find candidates for one group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainer.photos.look import LOOK_SIZE, Look

_CELLS = 8  # in a row of a look


def look_features(looks: Sequence[Look]) -> npt.NDArray[np.float32]:
    """64 values of each look: (looks, 64). Those of a mirrored picture are the same.

    They are its brightness in 8 x 8 cells, without the mean: the sum of each cell and of the mirrored one, and the
    size of their difference. Copies of a photo, moved, turned or cropped a little, have a large cosine; they take the
    place of bottlenecks for photos of which there are none.
    """
    if not looks:
        return np.zeros((0, _CELLS * _CELLS), np.float32)
    side = LOOK_SIZE // _CELLS
    pixels = np.stack([look.pixels for look in looks])
    cells = pixels.reshape(-1, _CELLS, side, _CELLS, side).mean(axis=(2, 4), dtype=np.float32)
    cells -= cells.mean(axis=(1, 2), keepdims=True)
    mirrored = cells[:, :, ::-1]
    half = _CELLS // 2
    even, odd = (cells + mirrored)[:, :, :half], np.abs(cells - mirrored)[:, :, :half]
    features: npt.NDArray[np.float32] = np.concatenate([even, odd], axis=2).reshape(len(looks), -1)
    return features
