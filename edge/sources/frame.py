"""From the bytes of a picture to a frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from edge.errors import ImageError
from edge.preprocess import Pixels, decode

MAX_PIXELS = 40_000_000
"""The largest frame. It exists twice while it is decoded, in 7 bytes a pixel; the largest cameras have 33 million."""


def decode_frame(source: str | bytes) -> Pixels:
    """The picture in the file ``source``, a path or its content: shape (height, width, 3), dtype uint8, RGB.

    Raises :class:`~edge.errors.ImageError` if it cannot be decoded or has more than :data:`MAX_PIXELS`.
    """
    return np.asarray(decode(source, check=_check_size), np.uint8)


class CodedPicture:
    """The bytes of a picture that has come. It is decoded only if it is labelled."""

    def __init__(self, content: bytes, on_damage: Callable[[], None]) -> None:
        """The picture in the file ``content``; ``on_damage`` is called if it cannot be decoded."""
        self._content = content
        self._on_damage = on_damage

    def decode(self) -> Image.Image | None:
        """The picture, RGB and upright; None if :func:`decode_frame` refuses it."""
        try:
            return decode(self._content, check=_check_size)
        except ImageError:
            self._on_damage()
            return None


def _check_size(opened: Image.Image) -> None:
    pixels = opened.width * opened.height
    if pixels > MAX_PIXELS:
        raise ImageError(f"too large for a frame: {pixels:,} pixels, more than {MAX_PIXELS:,}; scale it down")
