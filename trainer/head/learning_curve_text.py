"""A learning curve in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.head.learning_curve import LEAST_INDEPENDENT, LearningCurve

TOO_FEW = f"too few independent photos for a learning curve: it needs {LEAST_INDEPENDENT} a class on average"

_HARDLY = 0.01
"""If twice as many photos bring less than this, a sentence says that more photos hardly help."""


def points_line(curve: LearningCurve) -> str:
    """The accuracy at each number of photos a class."""
    points = [f"{100 * point.accuracy:.1f} % with {point.photos_per_class:,.0f}" for point in curve.points]
    return f"learning curve: {', '.join(points)} training photos a class"


def forecast(curve: LearningCurve) -> str:
    """What twice as many photos are likely to bring."""
    expected, low, high = (f"{100 * value:.1f}" for value in curve.gain)
    if curve.gain.high < _HARDLY:
        return f"more photos of this kind will hardly help: twice as many are likely to bring at most {high} points"
    unit = "point" if expected == "1.0" else "points"
    return f"twice as many photos are likely to bring about {expected} {unit} (between {low} and {high})"


def which_classes(curve: LearningCurve, labels: Sequence[str]) -> str:
    """Of which classes more photos help most; ``labels`` are the names of all classes."""
    if not curve.weak:
        return "no class stands out: add photos of all classes"
    names = [f"{labels[label]} ({100 * curve.recalls[label, -1]:.1f} %)" for label in curve.weak]
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"add photos of {listed} first: fewer of them are labelled correctly, and more photos help them"


def curve_sentences(curve: LearningCurve, labels: Sequence[str]) -> list[str]:
    """What more photos are likely to bring, and of which classes; without the latter if they hardly help."""
    expected = forecast(curve)
    return [expected] if curve.gain.high < _HARDLY else [expected, which_classes(curve, labels)]
