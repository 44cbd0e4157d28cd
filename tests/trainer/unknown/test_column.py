"""One more column beside a head: it tells strangers apart and leaves the classes as they are."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from support.paths import PACKAGES, python_path
from trainer.bottlenecks.labelled import Labelled
from trainer.head.fit import fit_again
from trainer.head.linear import Head
from trainer.one_thread import one_thread
from trainer.unknown.column import Column, Strange, fit_column, leads, log_sum, spare_known, with_column

VALUES = 24


def classes(count: int = 120, seed: int = 0) -> Labelled:
    """Photos of three classes: each has values of its own that are high."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    features = random.exponential(0.3, (count, VALUES))
    for label in range(3):
        features[labels == label, 4 * label : 4 * label + 4] += 1
    return Labelled(features, labels)


def others(count: int = 60, seed: int = 1) -> np.ndarray:
    """Pictures of other things: the last values are high."""
    features = np.random.default_rng(seed).exponential(0.3, (count, VALUES))
    features[:, 16:] += 1
    return features


@pytest.fixture(scope="module")
def head() -> Head:
    """The head of the three classes."""
    return fit_again(classes(), 3, 0.01, 200)


def column(head: Head, known: Labelled, strange: np.ndarray) -> Column:
    """The column that is fitted on these."""
    with one_thread():
        return fit_column(head, known, [Strange(strange, 1.0)])


def test_other_things_get_the_new_label_and_the_classes_stay(head: Head) -> None:
    """New pictures of both kinds; the logits of the classes are bit for bit the same."""
    known, strange = classes(seed=5), others(seed=6)
    extended = with_column(head, column(head, classes(), others()))
    assert (extended.logits(strange).argmax(axis=1) == 3).all()
    answers = extended.logits(known.features).argmax(axis=1)
    assert (answers == known.labels).mean() > 0.95
    assert np.array_equal(extended.weights[:, :3], head.weights)
    assert np.array_equal(extended.bias[:3], head.bias)


def test_the_same_photos_give_the_same_column(head: Head) -> None:
    """Bit for bit."""
    first, second = (column(head, classes(), others()) for _ in range(2))
    assert np.array_equal(first.weights, second.weights)
    assert first.bias == second.bias


def test_the_weight_of_strangers_is_shared(head: Head) -> None:
    """The same picture a hundred times, with the same weight in all, teaches what it teaches once."""
    once = column(head, classes(), others(1))
    often = column(head, classes(), np.repeat(others(1), 100, axis=0))
    assert np.allclose(once.weights, often.weights, atol=0.05)


@pytest.mark.parametrize(("photos", "most"), [(49, 0), (50, 1), (125, 2)])
def test_few_known_photos_are_taken(head: Head, photos: int, most: int) -> None:
    """At most one in fifty of the validation photos, and that many if the column would take all."""
    known = classes(photos, seed=7).features
    greedy = Column(np.zeros(VALUES), 1e3)
    spared = spare_known(greedy, leads(head, greedy, known))
    taken = (with_column(head, spared).logits(known).argmax(axis=1) == 3).sum()
    assert taken == most
    assert spared.lowered == pytest.approx(greedy.bias - spared.bias)


def test_a_modest_column_stays(head: Head) -> None:
    """A column that takes no known photo keeps its bias; without validation photos it does too."""
    modest = Column(np.zeros(VALUES), -1e3)
    assert spare_known(modest, leads(head, modest, classes().features)) == modest
    assert spare_known(modest, np.zeros(0)) == modest


def test_many_photos_cost_no_more(head: Head) -> None:
    """Of 9,000 photos 4,000 teach, evenly spread, so that all classes do."""
    known = classes(9_000)
    extended = with_column(head, column(head, known, others()))
    answers = extended.logits(known.features).argmax(axis=1)
    assert [(answers[known.labels == label] == label).mean() > 0.95 for label in range(3)] == [True] * 3


@pytest.mark.parametrize("large", [400, 6_000])
def test_a_small_class_that_looks_like_other_things_stays(large: int) -> None:
    """Five photos of a class that is like some other things, beside many of other classes: new ones keep their class.

    That they are few among those that teach, or none if these are spread evenly, does not matter.
    """
    many, few = classes(large), others(5, seed=8)
    data = Labelled(np.concatenate([many.features, few]), np.append(many.labels, np.full(5, 3)))
    head = fit_again(data, 4, 1e-4, 200)
    strange = np.random.default_rng(9).exponential(0.3, (60, VALUES))
    strange[::60, 16:] += 1  # one of sixty is like the small class
    new = others(40, seed=10)
    assert (head.logits(new).argmax(axis=1) == 3).mean() > 0.9
    answers = with_column(head, column(head, data, strange)).logits(new).argmax(axis=1)
    assert (answers == 3).mean() > 0.9


def test_log_sum_of_large_logits() -> None:
    """No overflow."""
    assert log_sum(np.array([[1e4, 1e4], [0.0, -1e4]])) == pytest.approx([1e4 + np.log(2), 0.0])


def test_scipy_is_not_loaded() -> None:
    """Loading it would take longer than the fit."""
    script = """
import sys
import numpy as np
from trainer.bottlenecks.labelled import Labelled
from trainer.head.linear import Head
from trainer.unknown.column import Strange, fit_column
import trainer.unknown.outside
fit_column(Head(np.zeros((4, 2)), np.zeros(2)), Labelled(np.eye(4), np.arange(4) % 2), [Strange(1 - np.eye(4), 1.0)])
assert not any(name.split(".")[0] == "scipy" for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": python_path(PACKAGES)})
