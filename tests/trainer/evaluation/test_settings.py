"""Settings under which a picture gets the name of a class."""

from __future__ import annotations

import numpy as np

from edge.types import Category, Classification
from trainer.evaluation.settings import Answers, read_answers, settings


def answer(rejected: bool | None, **scores: float) -> Classification:
    """An answer with ``scores`` by label, the best first."""
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    categories = tuple(Category(place, label, score) for place, (label, score) in enumerate(ranked))
    return Classification(categories, 1.0, rejected)


def test_the_settings_of_a_model() -> None:
    """The threshold and the gate only of a model that has them."""
    assert [way.name for way in settings(0.705, gated=True)] == [
        "every answer",
        "recommended threshold, 0.70",
        "--reject",
        "score of 0.9 or more",
    ]
    assert [way.name for way in settings(None, gated=False)] == ["every answer", "score of 0.9 or more"]


def test_who_gets_a_name() -> None:
    """The rest of the world is no name, a score on the threshold is enough, and one setting asks the gate."""
    answers = Answers(
        np.array([True, True, True, False]), np.array([0.95, 0.7, 0.4, 0.3]), np.array([True, False, False, False])
    )
    named = {way.name: way.named(answers).tolist() for way in settings(0.7, gated=True)}
    assert named["every answer"] == [True, True, True, False]
    logits = Answers(np.array([True]), np.array([-3.0]), np.array([False]))
    assert settings(None, gated=False)[0].named(logits).tolist() == [True]
    assert named["recommended threshold, 0.70"] == [True, True, False, False]
    assert named["--reject"] == [False, True, True, False]
    assert named["score of 0.9 or more"] == [True, False, False, False]


def test_answers_of_a_model() -> None:
    """The best score is that of a class, also if the rest of the world has a higher one; no gate rejects nothing."""
    found = read_answers([answer(None, a=0.5, unknown=0.3, b=0.2), answer(True, unknown=0.6, b=0.4)], "unknown")
    assert found.of_class.tolist() == [True, False]
    assert found.scores.tolist() == [0.5, 0.4]
    assert found.rejected.tolist() == [False, True]
    assert read_answers([answer(None, unknown=-2.0)], "unknown").scores.tolist() == [-np.inf]
    assert read_answers([answer(False, unknown=0.6, b=0.4)], None).of_class.tolist() == [True]
