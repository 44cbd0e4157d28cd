"""Looks without their frames: plain bars at two sides or all around, which a tool put there to fill a format."""

from __future__ import annotations

from typing import NamedTuple

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
    rows, columns = Lines.of(look), Lines.of(look.T)
    while True:
        if bottom - top > _SMALLEST and rows.are_bars(top, bottom - 1, left, right):
            top, bottom = top + 1, bottom - 1
        elif right - left > _SMALLEST and columns.are_bars(left, right - 1, top, bottom):
            left, right = left + 1, right - 1
        else:
            break
    if (top, left, bottom, right) == (0, 0, LOOK_SIZE, LOOK_SIZE):
        return look
    # One more pixel at each side: the line between the frame and the picture is a mixture of both.
    box = (left + 1, top + 1, right - 1, bottom - 1)
    size = (LOOK_SIZE, LOOK_SIZE)
    return np.asarray(Image.fromarray(look).resize(size, Image.Resampling.BILINEAR, box=box), np.uint8)


class Lines(NamedTuple):
    """For each line of a look the ``sums`` of its first pixels, 0 to all of them, and those of their ``squares``.

    They are whole numbers, so that the mean and the deviation of any part of a line are a few exact operations.
    """

    sums: list[list[int]]
    squares: list[list[int]]

    @classmethod
    def of(cls, look: Pixels) -> Lines:
        """The lines of ``look`` (64, 64)."""
        values = np.zeros((LOOK_SIZE, LOOK_SIZE + 1), np.int64)
        values[:, 1:] = look
        return cls(values.cumsum(axis=1).tolist(), (values**2).cumsum(axis=1).tolist())

    def are_bars(self, first: int, last: int, start: int, end: int) -> bool:
        """Whether the lines ``first`` and ``last`` are plain and of one grey, from pixel ``start`` to ``end``."""
        count = end - start
        totals = []
        for line in (first, last):
            total = self.sums[line][end] - self.sums[line][start]
            squares = self.squares[line][end] - self.squares[line][start]
            if count * squares - total**2 >= (_PLAIN * count) ** 2:
                return False
            totals.append(total)
        return abs(totals[0] - totals[1]) < _SAME * count
