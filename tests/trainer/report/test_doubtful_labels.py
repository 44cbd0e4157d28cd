"""Photos whose own label is doubtful."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.reporting import FLIPPED
from trainer.photos.dataset import Photo
from trainer.report import doubtful_labels
from trainer.report.content import ReportContent
from trainer.report.doubtful_labels import DoubtfulLabel, find_doubtful_labels
from trainer.report.measures import ScoredPhotos


def photo(name: str, label: str) -> Photo:
    """A photo without a file."""
    return Photo(Path(name), name, label, b"", "training", name)


def test_lowest_score_of_the_own_label_comes_first() -> None:
    """The order is by that score, then by the highest other score, then by path; correct labels are left out."""
    photos = [photo(name, label) for name, label in (("a", "x"), ("b", "y"), ("c", "x"), ("d", "x"), ("e", "x"))]
    scores = np.array([[0.9, 0.1, 0.0], [0.7, 0.3, 0.0], [0.1, 0.9, 0.0], [0.1, 0.4, 0.5], [0.1, 0.9, 0.0]])
    found = find_doubtful_labels(ScoredPhotos(photos, scores, np.array([0, 1, 0, 0, 0])), ("x", "y", "z"))
    assert found.ranked == [
        DoubtfulLabel(photos[2], 0.1, "y", 0.9),
        DoubtfulLabel(photos[4], 0.1, "y", 0.9),
        DoubtfulLabel(photos[3], 0.1, "z", 0.5),
        DoubtfulLabel(photos[1], 0.3, "x", 0.7),
    ]
    assert found.photos == 5


def test_likely_errors_are_those_that_look_as_usual_for_another_class() -> None:
    """A photo counts as an error if it reaches the usual score of another class, not if its scores are only low."""
    sure, other = [0.9, 0.1], [0.1, 0.9]
    scores = np.array([sure] * 8 + [other] * 8 + [other] * 2 + [[0.45, 0.55]])
    truths = np.array([0] * 8 + [1] * 8 + [0] * 2 + [0])
    photos = [photo(str(row), "xy"[truth]) for row, truth in enumerate(truths)]
    assert find_doubtful_labels(ScoredPhotos(photos, scores, truths), ("x", "y")).likely_errors == 2


def test_the_number_does_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of very many photos are read some at a time: of all labels, and of the best ones alone."""
    random = np.random.default_rng(0)
    scores = random.dirichlet(np.full(4, 0.5), 90)
    photos = [Photo(Path(name), name, "a", b"", "test", name) for name in map(str, range(90))]
    truths = np.where(random.random(90) < 0.8, scores.argmax(axis=1), random.integers(0, 4, 90))
    order = np.argsort(-scores, axis=1).astype(np.int32)
    for scored in (
        ScoredPhotos(photos, scores, truths),
        ScoredPhotos(photos, np.take_along_axis(scores, order, axis=1), truths, order),
    ):
        monkeypatch.setattr(doubtful_labels, "_BLOCK", 4096)
        whole = find_doubtful_labels(scored, "abcd").likely_errors
        monkeypatch.setattr(doubtful_labels, "_BLOCK", 16)
        assert find_doubtful_labels(scored, "abcd").likely_errors == whole > 0


def test_no_error_in_a_clean_set() -> None:
    """There is none if every label is correct, also if a class has no photo."""
    scores = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]] * 5)
    photos = [photo(str(row), "xy"[row % 2]) for row in range(10)]
    assert find_doubtful_labels(ScoredPhotos(photos, scores, np.arange(10) % 2), ("x", "y", "z")) == ([], 10, 0)


def test_flipped_labels_of_a_training_come_first(content: ReportContent) -> None:
    """Of 90 photos 18 are in the wrong folder, most of them used for training: the list begins with them."""
    first = content.doubtful_labels.ranked[: 3 * FLIPPED]
    flipped = [entry.photo.path.name.startswith("flipped-") for entry in first]
    assert sum(flipped) >= 3 * FLIPPED - 1
    assert all(flipped[:12])
    assert {entry.photo.split for entry in first} == {"training", "validation", "test"}
    assert abs(content.doubtful_labels.likely_errors - 3 * FLIPPED) <= 3
    assert content.doubtful_labels.photos == 90
