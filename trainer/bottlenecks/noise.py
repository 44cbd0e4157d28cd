"""Bottlenecks of drawn noise: pictures that are like nothing, for what must not take them for a class."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from edge.errors import StorageError
from edge.inference.interpreter import dequantize
from edge.preprocess import Pixels
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.extractor import FeatureExtractor

PICTURES = 8
"""How many there are; noise looks all alike to a network."""


def noise_picture(number: int, size: tuple[int, int]) -> Pixels:
    """Picture ``number`` for a model of (width, height) ``size``: uint8 (height, width, 3), each value by itself.

    Made from SHAKE-256, so that it is the same on every machine and with every release of numpy.
    """
    width, height = size
    stream = hashlib.shake_256(_name(number)).digest(width * height * 3)
    return np.frombuffer(stream, np.uint8).reshape(height, width, 3)


def noise_bottlenecks(extractor: FeatureExtractor) -> npt.NDArray[np.float32]:
    """The bottlenecks of :data:`PICTURES` pictures of noise, (pictures, values); they are cached as those of photos.

    Raises :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    keys = [hashlib.sha256(_name(number)).digest() for number in range(PICTURES)]
    try:
        return extractor.load(keys)
    except StorageError:  # not in the cache yet
        model, interpreter = extractor.backbone.model, extractor.interpreter()
    raw = np.stack([interpreter.raw_outputs(noise_picture(n, model.input_size)) for n in range(PICTURES)])
    with BottleneckCache(extractor.bottleneck_dir) as cache:
        cache.store(extractor.key, [(key, row.tobytes()) for key, row in zip(keys, raw, strict=True)], [], [])
    return dequantize(raw, model.output)


def _name(number: int) -> bytes:
    return f"edge-for-poets noise {number}".encode()
