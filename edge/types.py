"""The plain values that travel between the rooms: categories, classifications, labelled photos."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


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
    ``categories`` is empty where no score reaches the threshold.
    """

    categories: tuple[Category, ...]
    latency_ms: float

    @property
    def best(self) -> Category | None:
        """The category with the highest score, or None where none reached the threshold."""
        return self.categories[0] if self.categories else None


class LabelledPhoto(NamedTuple):
    """The outcome for one file: a classification, or the one line that says why it was skipped."""

    path: Path
    classification: Classification | None
    error: str | None = None
