"""The sentences about a learning curve."""

from __future__ import annotations

import numpy as np

from trainer.head.learning_curve import CurvePoint, Gain, LearningCurve
from trainer.head.learning_curve_text import curve_sentences, points_line
from trainer.head.shares import SHARES

LABELS = ("daisy", "rose", "tulip", "lily")


def curve(gain: Gain, weak: list[int]) -> LearningCurve:
    """A curve of four classes that reaches 80 % with 1,000 photos a class."""
    points = [CurvePoint(share, 1000 * share, 60 + 20 * share, 100) for share in SHARES]
    return LearningCurve(points, gain, np.array([[0.5, 0.6, 0.7, 0.721]] * 4), weak)


def test_points_are_one_line() -> None:
    """It has the accuracy with each number of photos."""
    assert points_line(curve(Gain(0.02, 0.0, 0.04), [])) == (
        "learning curve: 65.0 % with 250, 70.0 % with 500, 75.0 % with 750, 80.0 % with 1,000 training photos a class"
    )


def test_gain_and_classes() -> None:
    """The gain has its ends; the classes have the share that is labelled correctly."""
    assert curve_sentences(curve(Gain(0.021, 0.004, 0.0361), [1]), LABELS) == [
        "twice as many photos are likely to bring about 2.1 points (between 0.4 and 3.6)",
        "add photos of rose (72.1 %) first: fewer of them are labelled correctly, and more photos help them",
    ]
    assert (
        "add photos of rose (72.1 %), lily (72.1 %) and daisy (72.1 %) first"
        in (curve_sentences(curve(Gain(0.02, 0.01, 0.04), [1, 3, 0]), LABELS)[1])
    )


def test_no_class_stands_out() -> None:
    """If no class differs by more than chance, the sentence says so."""
    assert curve_sentences(curve(Gain(0.01, 0.0, 0.02), []), LABELS) == [
        "twice as many photos are likely to bring about 1.0 point (between 0.0 and 2.0)",
        "no class stands out: add photos of all classes",
    ]


def test_flat_curve() -> None:
    """If even the upper end is below one point, more photos hardly help, and no class is named."""
    assert curve_sentences(curve(Gain(0.002, 0.0, 0.0071), [1]), LABELS) == [
        "more photos of this kind will hardly help: twice as many are likely to bring at most 0.7 points"
    ]
