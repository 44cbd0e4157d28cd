"""Photos a second of fine-tuning, from the moments that a training reports."""

from __future__ import annotations

from benchmarks.speed.tuning_speed import rate_behind_first


def test_the_first_epoch_is_not_counted() -> None:
    """Photos are decoded and graphs are made in it; from its end on, 20 photos take 4 seconds."""
    assert rate_behind_first([(4, 60.0), (8, 70.0), (10, 80.0), (14, 81.0), (20, 82.0), (30, 84.0)], 10) == 5.0
