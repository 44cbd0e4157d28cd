"""The benchmark of the learning curve's forecast, by value and on clouds of features."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.accuracy.forecast import Forecast, forecast, summarise
from trainer.bottlenecks.labelled import Labelled
from trainer.photos.dataset import Photo


def test_summary_counts_the_intervals() -> None:
    """An interval holds its own measured gain, or the mean of all."""
    found = summarise([Forecast(0.8, 0.02, 0.01, 0.03, 0.02), Forecast(0.7, 0.04, 0.03, 0.05, 0.02)])
    assert found == {
        "halves": 2,
        "half": 0.75,
        "expected": 0.03,
        "low": 0.02,
        "high": 0.04,
        "measured": 0.02,
        "expected_deviation": 0.01,
        "measured_deviation": 0.0,
        "holds_measured": 1,
        "holds_mean": 1,
    }


def test_forecast_of_half_is_near_what_all_give() -> None:
    """On clouds that overlap, the forecast and the measured gain are of one size; the same seed gives the same."""
    random = np.random.default_rng(0)
    labels = np.arange(600) % 3
    features = 1.5 * np.eye(3, 30)[labels] + random.normal(size=(600, 30))
    names = [f"{label}/{number}.jpg" for number, label in enumerate(labels)]
    photos = [Photo(Path(name), name, name[0], b"", "training", name) for name in names]
    found = forecast(photos, Labelled(features, labels), 3, 0.1, 0)
    assert found == forecast(photos, Labelled(features, labels), 3, 0.1, 0)
    assert found.low < found.expected < found.high
    assert abs(found.measured - found.expected) < 0.04
    assert 0.6 < found.half < 0.95
