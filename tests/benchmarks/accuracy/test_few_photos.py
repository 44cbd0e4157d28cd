"""Few photos: the opponents compute what their names say, and a draw gives all of them the same photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.few_photos import (
    Found,
    independent_photos,
    one_draw,
    prototype_scores,
    ridge_scores,
    summary,
)
from support import tiny
from trainer.bottlenecks.labelled import Labelled
from trainer.head.standardisation import Standardisation
from trainer.teach.learning.features import Features


def blobs(photos: int, seed: int = 0) -> Labelled:
    """Three classes around three points, in 30 values."""
    random = np.random.default_rng(seed)
    labels = np.arange(photos) % 3
    centres = np.random.default_rng(1).normal(0, 1, (3, 30))
    return Labelled(centres[labels] + random.normal(0, 0.7, (photos, 30)), labels.astype(np.intp))


def test_ridge_is_the_solution_of_its_equations() -> None:
    """With one of the penalties, the scores are those of the weights that solve the normal equations."""
    data, tests = blobs(24), blobs(9, seed=2).features
    unit = Standardisation.of(data.features)
    features, wanted = unit.apply(data.features), 2 * np.eye(3)[data.labels] - 1
    mean = wanted.mean(axis=0)
    differences = []
    for penalty in 10.0 ** np.arange(0, 6.1, 0.5):
        weights = np.linalg.solve(features.T @ features + penalty * np.eye(30), features.T @ (wanted - mean))
        differences.append(np.abs(unit.apply(tests) @ weights + mean - ridge_scores(data, 3, tests)).max())
    assert min(differences) < 1e-8


def test_prototypes_are_compared_by_the_cosine() -> None:
    """Scores are cosines to the means times the length of the bottleneck: a mean twice as long changes nothing."""
    data, tests = blobs(6), blobs(9, seed=2).features
    longer = data._replace(features=np.where((data.labels == 1)[:, None], 2 * data.features, data.features))
    assert np.allclose(prototype_scores(data, 3, tests), prototype_scores(longer, 3, tests))


def test_a_draw_is_repeatable_and_learns_from_more_photos(tmp_path: Path) -> None:
    """The same draw gives the same shares; ten photos a class teach more than chance."""
    photos = tiny.paint_folder(tmp_path / "photos")
    features = Features(tiny.extractor(tmp_path / "cache"))
    known = independent_photos(photos, features)
    assert 30 <= len(known) <= 36
    first, again = (one_draw(known, features, 6, 3) for _ in range(2))
    assert first == again
    assert first.ours > 0.6
    assert first.l2 > 0
    assert one_draw(known, features, 1, 3).l2 == 0.3


def test_differences_are_paired() -> None:
    """The error is that of the differences, which is small if all heads find a draw easy or hard."""
    row = summary([Found(0.8, 0.7, 0.6, 0.1), Found(0.5, 0.4, 0.3, 0.3)])
    assert (row["ours"], row["over_ridge"], row["over_prototype"]) == pytest.approx((0.65, 0.1, 0.2))
    assert row["over_ridge_error"] == pytest.approx(0, abs=1e-9)
