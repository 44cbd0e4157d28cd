"""Looks without their frames: plain bars at two sides or all around, which a tool put there to fill a format."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from trainer.photos.look import LOOK_SIZE

Pixels = npt.NDArray[np.uint8]

_PLAIN = 4.0  # grey levels: a line of pixels whose deviation is below this is plain
_SAME = 8.0  # grey levels: the bars of a frame do not differ by more
_SMALLEST = LOOK_SIZE // 4  # what is left of a look is at least so wide and high, in pixels


def without_frames(pixels: Pixels) -> Pixels:
    """Looks (looks, 64, 64), uint8, those with a frame cut to what is inside it and enlarged to (64, 64) again."""
    lines = pixels[:, [0, -1]].astype(np.float32), pixels[:, :, [0, -1]].transpose(0, 2, 1).astype(np.float32)
    framed = np.zeros(len(pixels), np.bool_)
    for ends in lines:
        plain = (ends.std(axis=2) < _PLAIN).all(axis=1)
        framed |= plain & (np.abs(np.diff(ends.mean(axis=2), axis=1)[:, 0]) < _SAME)
    cut = pixels.copy()
    for look in np.nonzero(framed)[0]:
        if pixels[look].std() < _PLAIN:
            continue  # nothing is inside the frame
        cut[look] = _without_frame(_without_frame(pixels[look]))  # twice, for a frame around a frame
    return cut


def _without_frame(look: Pixels) -> Pixels:
    top, bottom, left, right = 0, LOOK_SIZE, 0, LOOK_SIZE
    while True:
        inside = look[top:bottom, left:right].astype(np.float32)
        if bottom - top > _SMALLEST and _has_bars(inside):
            top, bottom = top + 1, bottom - 1
        elif right - left > _SMALLEST and _has_bars(inside.T):
            left, right = left + 1, right - 1
        else:
            break
    if (top, left, bottom, right) == (0, 0, LOOK_SIZE, LOOK_SIZE):
        return look
    # One more pixel at each side: the line between the frame and the picture is a mixture of both.
    box = (left + 1, top + 1, right - 1, bottom - 1)
    size = (LOOK_SIZE, LOOK_SIZE)
    return np.asarray(Image.fromarray(look).resize(size, Image.Resampling.BILINEAR, box=box), np.uint8)


def _has_bars(inside: npt.NDArray[np.float32]) -> bool:
    """Whether the first and the last row are plain and of one grey."""
    ends = inside[[0, -1]]
    return bool((ends.std(axis=1) < _PLAIN).all() and abs(ends[0].mean() - ends[1].mean()) < _SAME)
