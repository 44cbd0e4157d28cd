"""Small pictures of noise, as files."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def noise_picture(number: int, form: str = "JPEG", side: int = 16) -> bytes:
    """The bytes of a file with ``side`` x ``side`` pixels of noise; another picture for each ``number``."""
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()
