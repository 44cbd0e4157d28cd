"""The summary of the calibration benchmark, by value."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy.calibration import SplitScores, summarise


def split_scores(score: float, labels: list[int], answered: list[bool]) -> SplitScores:
    """A split on whose photos a head says 0.9 for label 0, with the temperature 0.8, and the file ``score``."""
    before, after, file = (np.tile([sure, 1 - sure], (len(labels), 1)) for sure in (0.9, 0.8, score))
    return SplitScores(before, after, file, np.array(labels), np.array(answered))


def test_summary_counts_the_photos_of_all_splits_together() -> None:
    """Errors of splits cancel each other; precision is that of the answered photos alone."""
    runs = [
        split_scores(0.75, [0, 0, 0, 0], [True, True, False, False]),
        split_scores(0.75, [0, 1, 1, 0], [True, True, True, True]),
    ]
    assert summarise(runs) == {
        "test_photos": 8,
        "accuracy": 0.75,
        "error_before": 0.15,
        "error_after": 0.05,
        "error_file": 0.0,
        "answered": 0.75,
        "precision": 0.6667,
    }
