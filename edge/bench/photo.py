"""The photo for end-to-end times if the user gives none: drawn, the same on every machine."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 640, 480
_QUALITY = 90
_GRAIN = 12  # of 255, about that of a phone's photo indoors


def draw_photo() -> bytes:
    """A JPEG of 640 x 480 pixels, soft colours with grain, about as large as a real photo of that size."""
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    waves = [np.sin(9 * x + 5 * y), np.sin(23 * x * y + 1), np.cos(14 * (x - 0.4) ** 2 + 17 * y)]
    grain = np.random.default_rng(0).integers(-_GRAIN, _GRAIN + 1, (HEIGHT, WIDTH, 3))
    pixels = 128 + 90 * np.stack(waves, axis=-1) + grain
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
