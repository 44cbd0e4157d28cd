"""Observations of drawn frames, made by a real tiny model, for tests of the web preview."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from edge import Classifier
from edge.types import Frame, ModelCard, Observation
from support.colours import COLOURS
from support.paths import DATA

CARD = ModelCard(
    name="tiny-int8.tflite",
    sha256="0123456789abcdef" * 4,
    labels=("blue", "green", "red"),
    size_bytes=1_234_567,
    input_size=(32, 32),
    runtime="litert",
    architecture="mobilenet_0.25_128",
    quantization="int8",
    accuracy=0.875,
    test_photos=40,
)


class Camera:
    """Gives frames of one colour, with a white block that moves by its width in every frame."""

    block = 16

    def __init__(self, size: tuple[int, int] = (320, 240)) -> None:
        self.size = size
        self.sequence = -1
        self._classifier = Classifier.load(DATA / "tiny-int8.tflite")

    def observe(self, colour: str, *, age_s: float = 0.0, **fields: Any) -> Observation:
        """The observation of the next frame, grabbed ``age_s`` seconds ago; ``fields`` replace its values."""
        self.sequence += 1
        pixels = np.empty((self.size[1], self.size[0], 3), np.uint8)
        pixels[:] = COLOURS[colour]
        left = self.sequence * self.block % self.size[0]
        pixels[: self.block, left : left + self.block] = 255
        seen = self._classifier.classify(pixels)
        assert seen.best is not None and seen.best.label == colour
        made = Observation(
            Frame(pixels, time.monotonic() - age_s, self.sequence),
            label=colour,
            score=seen.best.score,
            categories=seen.categories,
            raw=seen.categories,
            time_s=time.time() - age_s,
            frame_age_ms=20.0,
            latency_ms=12.5,
            changed=True,
            region=None,
            model=CARD,
        )
        return made._replace(**fields)
