"""Observations for the tests of sinks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.types import UNKNOWN, Category, Frame, ModelCard, Observation

TIME_S = 1_800_000_000.123456
"""2027-01-15, 08:00:00.123 UTC."""
CARD = ModelCard("flowers.tflite", "ab" * 32, ("daisy", "roses"), 1000, (32, 32), "LiteRT 2", "mobilenet_0.25_128")


def plain(value: int = 0, size: tuple[int, int] = (48, 32)) -> npt.NDArray[np.uint8]:
    """A grey picture of ``size`` (width, height)."""
    return np.full((size[1], size[0], 3), value, np.uint8)


def observe(sequence: int = 0, label: str = "daisy", score: float = 0.9, **fields: Any) -> Observation:
    """An observation of a grey picture; ``pixels`` and the fields of Observation replace its values."""
    frame = Frame(fields.pop("pixels", plain()), 100.0 + sequence / 30, sequence)
    categories = (Category(0, label, score), Category(1, "roses", 1 - score))
    given: dict[str, Any] = {
        "frame": frame,
        "label": label,
        "score": score,
        "categories": categories,
        "raw": categories,
        "time_s": TIME_S + sequence / 30,
        "frame_age_ms": 41.23456,
        "latency_ms": 12.34567,
        "changed": False,
        "region": None,
        "model": CARD,
    }
    return Observation(**{**given, **fields})


def sequences(observations: Iterable[Observation]) -> list[int]:
    """The sequence numbers of ``observations``."""
    return [observation.frame.sequence for observation in observations]


NO_LABELS = CARD._replace(sha256="cd" * 32, labels=())
"""The card of a model that has no labels yet."""


def observe_without_labels(sequence: int = 0, **fields: Any) -> Observation:
    """The observation of a frame by a model that has no labels yet; ``fields`` replace its values."""
    nothing: dict[str, Any] = {"score": 0.0, "categories": (), "raw": (), "model": NO_LABELS}
    return observe(sequence, UNKNOWN, **{**nothing, **fields})
