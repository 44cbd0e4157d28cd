"""Drawn pictures that belong to no class of photos: what a camera may see when no known thing is in front of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from edge.preprocess import Pixels, preprocess
from trainer.photos.drawn_flowers import KINDS as FLOWERS
from trainer.photos.drawn_flowers import draw_flower

PICTURES = 60
"""How many there are of each kind."""


def draw_strangers(size: int) -> dict[str, list[Pixels]]:
    """:data:`PICTURES` of each kind for a model of ``size`` pixels: uint8 (size, size, 3), the same every time.

    ``noise``, ``plain`` (one colour), ``clouds`` (smooth colours), ``chequers`` (tiles of random colours), and
    ``drawn flowers``, which are nearly what the model knows.
    """
    random = np.random.default_rng(0)

    def tiles(most: int, resampling: Image.Resampling) -> Pixels:
        edge = int(random.integers(2, most))
        return np.asarray(Image.fromarray(_colours(random, edge)).resize((size, size), resampling))

    return {
        "noise": [_colours(random, size) for _ in range(PICTURES)],
        "plain": [np.tile(_colours(random, 1), (size, size, 1)) for _ in range(PICTURES)],
        "clouds": [tiles(16, Image.Resampling.BICUBIC) for _ in range(PICTURES)],
        "chequers": [tiles(24, Image.Resampling.NEAREST) for _ in range(PICTURES)],
        "drawn flowers": [
            preprocess(draw_flower(FLOWERS[seed % len(FLOWERS)], seed, 320), (size, size)) for seed in range(PICTURES)
        ],
    }


def _colours(random: np.random.Generator, edge: int) -> npt.NDArray[np.uint8]:
    return random.integers(0, 256, (edge, edge, 3), dtype=np.uint8)
