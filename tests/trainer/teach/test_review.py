"""The photos of a session for review: filters, orders, scores and neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer.head.linear import Head
from trainer.teach.review import (
    DISAGREES,
    DOUBTFUL,
    FILTERS,
    FOLDED,
    MOST_DOUBTFUL,
    NEW,
    NEWEST,
    OLDEST,
    UNSURE,
    PhotoScores,
    chosen,
    in_order,
    neighbours,
    review,
)
from trainer.teach.state import CLASS, INBOX, TaughtPhoto

FEATURES = {"a1": (4, 0), "a2": (3, 0), "b1": (0, 4), "b2": (2.6, 0), "i1": (1, 0.9)}


def photo(id_: str, label: str, added_s: float, place: str = CLASS, hold: str | None = None) -> TaughtPhoto:
    """A photo whose id is also its name."""
    return TaughtPhoto(id_, b"", Path(id_), f"{label}/{id_}.jpg", place, label, added_s, 1, hold)


PHOTOS = [
    photo("a1", "a", 1, hold="h"),
    photo("a2", "a", 2, hold="h"),
    photo("b1", "b", 3),
    photo("b2", "b", 4),  # in the wrong class
    photo("i1", "a", 5, INBOX),
]


@pytest.fixture
def scores() -> PhotoScores:
    """A head that takes the first value for a, the second one for b."""
    rows = np.array(list(FEATURES.values()), np.float32)
    return PhotoScores(Head(np.eye(2), np.zeros(2)), ("a", "b"), list(FEATURES), rows)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        (None, "a1 a2 b1 b2 i1"),
        (UNSURE, "i1"),
        (DISAGREES, "b2"),
        (NEW, "b2 i1"),
        (FOLDED, "a2"),
        (DOUBTFUL, "b1 b2"),
    ],
)
def test_filters(name: str | None, ids: str, scores: PhotoScores) -> None:
    """Each filter takes its photos; only photos in a class can disagree, and the first of a hold is not folded."""
    reviewed = review(PHOTOS, scores, {"b1": 0.5, "b2": 0.9})
    assert [one.photo.id for one in chosen(reviewed, name, {"a1", "a2", "b1"})] == ids.split()
    assert set(FILTERS) == {UNSURE, DISAGREES, NEW, FOLDED, DOUBTFUL}
    assert [one.hold_photos for one in reviewed] == [2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("order", "ids"), [(NEWEST, "i1 b2 b1 a2 a1"), (OLDEST, "a1 a2 b1 b2 i1"), (MOST_DOUBTFUL, "b2 b1 i1 a2 a1")]
)
def test_orders(order: str, ids: str, scores: PhotoScores) -> None:
    """The most doubtful come first, then the others from the newest on."""
    reviewed = review(PHOTOS, scores, {"b1": 0.5, "b2": 0.9})
    assert [one.photo.id for one in in_order(reviewed, order)] == ids.split()


def test_without_a_head_there_is_no_answer() -> None:
    """Photos can be reviewed before anything was learnt."""
    reviewed = review(PHOTOS, None, {})
    assert [(one.answer, one.unsure) for one in reviewed] == [(None, False)] * 5
    assert chosen(reviewed, DISAGREES, ()) == []


def test_scores_are_the_softmax_best_first(scores: PhotoScores) -> None:
    """They add up to 1; a photo that is not known has none."""
    best, second = scores.scores("i1")
    assert (best.label, second.label) == ("a", "b")
    assert best.score == pytest.approx(1 / (1 + np.exp(-0.1)))
    assert best.score + second.score == pytest.approx(1)
    assert scores.scores("x") == [] and scores.answer("x") is None


def test_neighbours_are_those_with_the_largest_cosine() -> None:
    """The photo itself is none of them; a bottleneck of zeros is far from all."""
    rows = np.array([*FEATURES.values(), (0, 0)], np.float32)
    others = [*PHOTOS, photo("zero", "a", 6)]
    found = neighbours(PHOTOS[0], rows[0], others, rows)
    assert [one.photo.id for one in found] == ["a2", "b2", "i1", "b1", "zero"]
    assert [one.cosine for one in found] == pytest.approx([1, 1, 1 / np.hypot(1, 0.9), 0, 0])
    assert neighbours(PHOTOS[0], rows[0], [], rows[:0]) == []
