"""What is read from the scores of a file with a class for the rest of the world, and of one without."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.accuracy.stranger_files import Said, differences, figures
from benchmarks.accuracy.strangers import halves

FAMILIAR = np.array([1.0, -1.0, 2.0])


def test_a_file_with_the_class() -> None:
    """The last score is no class: a picture with it gets no name, and the lead is how far a class is before it."""
    scores = np.array([[0.75, 0.0, 0.25], [0.25, 0.0, 0.75], [0.0, 1.0, 0.0]], np.float32)
    said = Said(scores, FAMILIAR, 2)
    assert said.named.tolist() == [True, False, True]
    assert said.among.tolist() == [0, 0, 1]
    assert said.lead.tolist() == pytest.approx([math.log(385 / 129), math.log(129 / 385), math.log(513)])


def test_a_file_without_it() -> None:
    """Every picture gets a name, and the best score is what it goes by."""
    said = Said(np.array([[0.75, 0.25], [0.5, 0.5], [0.0, 1.0]], np.float32), FAMILIAR, None)
    assert said.named.all()
    assert said.lead.tolist() == [0.75, 0.5, 1.0]


def test_figures_and_differences() -> None:
    """Known photos that get no name are lost; another interpreter's answers are compared one by one."""
    known = Said(np.array([[0.75, 0.0, 0.25], [0.25, 0.0, 0.75], [0.0, 1.0, 0.0]], np.float32), FAMILIAR, 2)
    strange = Said(np.array([[0.0, 0.25, 0.75]] * 2, np.float32), -FAMILIAR[:2], 2)
    said = {"known": known, "strangers": strange, "noise": strange}
    found = figures(said, np.array([0, 0, 1]))
    assert (found["accuracy"], found["accuracy_with_class"]) == (1.0, 0.6667)
    assert found["named"] == {"known": 0.6667, "strangers": 0.0, "noise": 0.0}
    assert found["gate"] == {"known": 0.6667, "strangers": 0.5, "noise": 0.5}
    other = {**said, "strangers": strange._replace(scores=strange.scores[:, ::-1])}
    assert differences(other, said) == {"pictures": 5, "other_label": 2, "other_gate": 0}


def test_the_halves_are_always_the_same() -> None:
    """Every stranger is in one of them."""
    teaching, judging = halves(401)
    assert sorted([*teaching, *judging]) == list(range(401))
    assert teaching.tolist() == halves(401)[0].tolist()
