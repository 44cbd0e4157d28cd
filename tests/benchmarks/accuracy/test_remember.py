"""The benchmark of remembered classes, on clouds of features."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy.remember import recalls
from trainer.bottlenecks.labelled import Labelled


def clouds(photos: int, seed: int) -> Labelled:
    """Three classes whose clouds overlap."""
    random = np.random.default_rng(seed)
    labels = np.arange(photos) % 3
    return Labelled(np.abs(2 * np.eye(3, 20)[labels] + random.normal(size=(photos, 20))), labels)


def test_more_remembered_bottlenecks_lose_less() -> None:
    """With all photos nothing is lost; with two of each old class some is, and the new class is known all the same."""
    training, test = clouds(600, 0), clouds(900, 1)
    everything, many, few = (recalls(training, test, ("a", "b", "c"), 2, count) for count in (0, 200, 2))
    assert everything.old > 0.7
    assert abs(many.old - everything.old) < 0.02 and abs(many.new - everything.new) < 0.02
    assert few.old < everything.old - 0.02 and few.new > 0.7
