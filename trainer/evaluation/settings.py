"""Settings under which a picture gets the name of a class, or none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.types import Classification

SURE = 0.9
"""A score that many programs take as sure."""


class Answers(NamedTuple):
    """What a model says of pictures, one value for each: (pictures,).

    ``of_class`` is whether the best label is a class, not the rest of the world; ``scores`` are the best scores of a
    class, and ``rejected`` is the answer of the gate, false if there is none.
    """

    of_class: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float64]
    rejected: npt.NDArray[np.bool_]


class Setting(NamedTuple):
    """A way to use a model: a picture gets the name of a class if its score is at least ``least``.

    With ``reject`` it also needs the gate.
    """

    name: str
    least: float = -math.inf
    reject: bool = False

    def named(self, answers: Answers) -> npt.NDArray[np.bool_]:
        """Which pictures get the name of a class: (pictures,)."""
        named: npt.NDArray[np.bool_] = answers.of_class & (answers.scores >= self.least)
        return named & ~answers.rejected if self.reject else named


def settings(score_threshold: float | None, gated: bool) -> list[Setting]:
    """The settings of a model with this recommended ``score_threshold``, None: it has none; ``gated``: with a gate."""
    found = [Setting("every answer")]
    if score_threshold is not None:
        found.append(Setting(f"recommended threshold, {score_threshold:.2f}", score_threshold))
    if gated:
        found.append(Setting("--reject", reject=True))
    return [*found, Setting(f"score of {SURE:g} or more", SURE)]


def read_answers(answers: Iterable[Classification], outside: str | None) -> Answers:
    """``answers`` with two labels or more; ``outside`` is the label of the rest of the world, None if there is none."""
    read = (
        (
            outside is None or answer.categories[0].label != outside,
            best_of_classes(answer, outside),
            bool(answer.rejected),
        )
        for answer in answers
    )
    found = np.fromiter(read, np.dtype([("of_class", bool), ("score", np.float64), ("rejected", bool)]))
    return Answers(found["of_class"], found["score"], found["rejected"])


def best_of_classes(answer: Classification, outside: str | None) -> float:
    """The best score of a class in ``answer``; ``outside`` is the label of the rest of the world."""
    return max((category.score for category in answer.categories if category.label != outside), default=-math.inf)
