"""The plain values that the other modules exchange: categories, classifications, labelled photos, frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

UNKNOWN = "unknown"
"""The label of a picture if its best score does not reach the threshold, or if the model's gate rejects it."""


class Category(NamedTuple):
    """One class and how sure the model is of it.

    ``index`` is the position in the model's output, ``score`` the probability from 0 to 1.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which is not needed here
    label: str
    score: float


class Classification(NamedTuple):
    """The answer of a model for one picture: categories, best score first, and the time that it took.

    ``categories`` is empty if no score reaches the threshold. ``latency_ms`` covers preprocessing and inference of this
    picture, in milliseconds. ``rejected`` is true if the model's gate decides that the picture is like no class,
    whatever the scores are; None if the gate was not asked. ``familiarity`` is by how much the picture is more familiar
    to the gate than it asks, below 0 if it is rejected; None if the gate was not asked.
    """

    categories: tuple[Category, ...]
    latency_ms: float
    rejected: bool | None = None
    familiarity: float | None = None

    @property
    def best(self) -> Category | None:
        """The category with the highest score, None if no score reached the threshold."""
        return self.categories[0] if self.categories else None

    @property
    def label(self) -> str:
        """The label of the best category; :data:`UNKNOWN` if no score reached the threshold, or if it is rejected."""
        return UNKNOWN if self.rejected or not self.categories else self.categories[0].label


class LabelledPhoto(NamedTuple):
    """The result for one file: a classification, or the one line that says why it was skipped."""

    path: Path
    classification: Classification | None
    error: str | None = None


class Frame(NamedTuple):
    """One picture of a stream.

    ``pixels`` has shape (height, width, 3), dtype uint8, RGB. ``timestamp_s`` is :func:`time.monotonic` when
    the picture was grabbed, in seconds. ``sequence`` counts every picture grabbed in this run from 0, also
    those that were never labelled. ``picture`` has the same pixels if they came as a file that Pillow decoded, so that
    a labeller need not copy them back; it must not be changed.
    """

    pixels: npt.NDArray[np.uint8]
    timestamp_s: float
    sequence: int
    picture: Image.Image | None = None


class ModelCard(NamedTuple):
    """What a sink may show of the model that labelled a frame; None if a model of another project does not say it.

    ``name`` is the file's name without its folder, ``accuracy`` the fraction of ``test_photos`` held-out photos
    that it labels correctly, ``input_size`` its (width, height) in pixels, ``runtime`` the interpreter in use.
    ``unknown`` is the one of ``labels`` that stands for the rest of the world, not for a class.
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
    unknown: str | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of the classes: all but :attr:`unknown`."""
        return tuple(label for label in self.labels if label != self.unknown)


class Observation(NamedTuple):
    """One labelled frame of a stream.

    ``label`` is the steady answer, after smoothing, hysteresis and threshold: a class of the model, or
    :data:`UNKNOWN`, also if the model's class for the rest of the world is best; ``score`` is its smoothed score, that
    of the best label if it is unknown.
    ``categories`` are the smoothed scores of the best labels, best first; ``raw`` those of this frame
    alone. ``time_s`` is the wall clock (:func:`time.time`) when the frame was grabbed, ``frame_age_ms`` the
    time from then until it was labelled, ``latency_ms`` the part of it that preprocessing and inference took.
    ``changed`` is true if ``label`` is not that of the observation before. ``region`` is the part of the
    frame that was labelled: x, y, width, height in pixels; None for all of it. ``model`` is the same object
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
