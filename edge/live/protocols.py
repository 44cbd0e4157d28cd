"""What the loop of a stream needs of a model, and of the part that gives it newer ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edge.inference.classifier import GatedScores
from edge.preprocess import ImageSource
from edge.types import ModelCard


class StreamModel(Protocol):
    """Labels the frames of a stream: :class:`edge.live.model.LiveModel`."""

    @property
    def card(self) -> ModelCard:
        """What sinks show of the model. Its labels may be empty: then every frame is unknown."""

    @property
    def score_threshold(self) -> float:
        """The score threshold that the model recommends, 0 to 1; 0 if it recommends none."""

    @property
    def is_refit(self) -> bool:
        """Whether this is the model before, fitted again: it replaces that one without a message and a count.

        If the labels are the same, the smoothing goes on.
        """

    def gated_scores(self, image: ImageSource) -> GatedScores:
        """The scores of ``image``, one for each label, and the gate's answer.

        ``image`` is an RGB picture of Pillow, or its pixels: (height, width, 3), uint8.

        Raises :class:`~edge.errors.ImageError` if the picture cannot be used.
        """

    def messages(self) -> Sequence[str]:
        """The lines that are printed when the model begins to label."""


class ModelSource(Protocol):
    """Gives a stream its model, and newer ones later: :class:`edge.live.swap.ModelSwap`.

    All methods return soon. :meth:`load_first` and :meth:`take` are called on the thread of the stream.
    """

    def load_first(self) -> StreamModel:
        """The first model. Raises :class:`~edge.errors.EdgeError` if there is none."""

    def take(self) -> StreamModel | None:
        """The new model if there is one, only once."""

    def request(self) -> None:
        """The user asks for the newest model now (SIGHUP)."""

    def stop(self) -> None:
        """The stream has ended: give no more models."""
