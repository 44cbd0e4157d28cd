"""The part of a frame that was labelled, as a picture and as a JPEG for training."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from edge.types import Observation

_QUALITY = 95


def region_picture(observation: Observation) -> Image.Image:
    """The region that was labelled, in full size, RGB."""
    pixels = observation.frame.pixels
    if observation.region is not None:
        x, y, width, height = observation.region
        pixels = pixels[y : y + height, x : x + width]
    return Image.fromarray(np.ascontiguousarray(pixels))


def training_jpeg(picture: Image.Image) -> bytes:
    """``picture`` as a JPEG with quality 95 and colours in full size."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()
