"""The plain values."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.types import UNKNOWN, Category, Classification, LabelledPhoto

DAISY, ROSE = Category(1, "daisy", 0.75), Category(0, "rose", 0.25)


def test_best_is_the_first() -> None:
    """The best category is the first, for they come by falling score."""
    assert Classification((DAISY, ROSE), 1.5).best == DAISY


def test_nothing_may_reach_the_threshold() -> None:
    """Without categories there is no best."""
    assert Classification((), 1.5).best is None


@pytest.mark.parametrize(
    ("classification", "label"),
    [
        (Classification((DAISY, ROSE), 1.5), "daisy"),
        (Classification((DAISY, ROSE), 1.5, rejected=False), "daisy"),
        (Classification((DAISY, ROSE), 1.5, rejected=True), UNKNOWN),
        (Classification((), 1.5), UNKNOWN),
        (Classification((), 1.5, rejected=False), UNKNOWN),
    ],
)
def test_the_label_is_the_best_or_unknown(classification: Classification, label: str) -> None:
    """A picture without a category above the threshold is unknown, and so is one that the gate rejects."""
    assert classification.label == label


def test_values_are_plain_tuples() -> None:
    """A category unpacks; a photo without an error says None."""
    index, label, score = DAISY
    assert (index, label, score) == (1, "daisy", 0.75)
    assert DAISY.index == 1
    assert LabelledPhoto(Path("a.jpg"), None) == (Path("a.jpg"), None, None)
