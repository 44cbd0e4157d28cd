"""From the bytes of a picture to a frame."""

from __future__ import annotations

import contextlib

import numpy as np

from edge.errors import ImageError
from edge.pictures.bounded_file import open_bounded
from edge.pictures.open_image import open_image
from edge.preprocess import Pixels, decode

MAX_PIXELS = 40_000_000
"""The largest frame. It exists twice while it is decoded, in 7 bytes a pixel; the largest cameras have 33 million."""


def decode_frame(source: str | bytes) -> Pixels:
    """The picture in the file ``source``, a path or its content: shape (height, width, 3), dtype uint8, RGB.

    Raises :class:`~edge.errors.ImageError` if it cannot be decoded or has more than :data:`MAX_PIXELS`.
    """
    pixels = _count_pixels(source)
    if pixels > MAX_PIXELS:
        raise ImageError(f"too large for a frame: {pixels:,} pixels, more than {MAX_PIXELS:,}; scale it down")
    return np.asarray(decode(source), np.uint8)


def _count_pixels(source: str | bytes) -> int:
    """How many pixels the header of ``source`` names; 0 if it cannot be read: the decoder then says why."""
    with contextlib.suppress(Exception), open_bounded(source) as file, open_image(file) as picture:
        return int(picture.width * picture.height)
    return 0
