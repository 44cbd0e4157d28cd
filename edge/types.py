"""The plain values that travel between the rooms: categories, classifications, labelled photos, frames."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

UNKNOWN = "unknown"
"""The answer for a frame whose best score does not reach the threshold, and for a picture that was rejected."""


class Category(NamedTuple):
    """One class and how sure the model is of it.

    ``index`` is the position in the model's output, ``score`` the probability from 0 to 1.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    label: str
    score: float


class Classification(NamedTuple):
    """What a model says of one picture: categories by falling score, and the time that took.

    ``latency_ms`` covers preprocessing and inference of this picture, in milliseconds.
    ``categories`` is empty where no score reaches the threshold. ``rejected`` says whether the model's gate takes
    the picture for a stranger, whatever the scores are; None where nobody asked.
    """

    categories: tuple[Category, ...]
    latency_ms: float
    rejected: bool | None = None

    @property
    def best(self) -> Category | None:
        """The category with the highest score, or None where none reached the threshold."""
        return self.categories[0] if self.categories else None


class LabelledPhoto(NamedTuple):
    """The outcome for one file: a classification, or the one line that says why it was skipped."""

    path: Path
    classification: Classification | None
    error: str | None = None


class Frame(NamedTuple):
    """One picture of a stream.

    ``pixels`` has shape (height, width, 3), dtype uint8, RGB. ``timestamp_s`` is :func:`time.monotonic` when
    the picture was grabbed, in seconds. ``sequence`` counts from 0 every picture grabbed in this run,
    those that were never labelled included.
    """

    pixels: npt.NDArray[np.uint8]
    timestamp_s: float
    sequence: int


class ModelCard(NamedTuple):
    """What a listener should know of the model that spoke; None where a foreign model does not say.

    ``name`` is the file's name without its folder, ``accuracy`` the fraction of ``test_photos`` held-out photos
    that it names rightly, ``input_size`` its (width, height) in pixels, ``runtime`` the interpreter in use.
    """

    name: str
    sha256: str
    labels: tuple[str, ...]
    size_bytes: int
    input_size: tuple[int, int]
    runtime: str
    architecture: str | None = None
    quantization: str | None = None
    accuracy: float | None = None
    test_photos: int | None = None


class Observation(NamedTuple):
    """What is made of one frame of a stream.

    ``label`` is the steady answer, after smoothing, hysteresis and threshold: a label of the model or
    :data:`UNKNOWN`; ``score`` is its smoothed score, that of the best label where it is unknown.
    ``categories`` are the smoothed scores of the best labels, by falling score; ``raw`` those of this frame
    alone. ``time_s`` is the wall clock (:func:`time.time`) when the frame was grabbed, ``frame_age_ms`` the
    time from then until it was labelled, ``latency_ms`` the part of it that preprocessing and inference took.
    ``changed`` is true where ``label`` is not that of the observation before. ``region`` is the part of the
    frame that was looked at: x, y, width, height in pixels; None for all of it. ``model`` is the same object
    until the model is replaced.
    """

    frame: Frame
    label: str
    score: float
    categories: tuple[Category, ...]
    raw: tuple[Category, ...]
    time_s: float
    frame_age_ms: float
    latency_ms: float
    changed: bool
    region: tuple[int, int, int, int] | None
    model: ModelCard
