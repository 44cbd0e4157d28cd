"""The schedule by value: a short line up, half a cosine down, and an end where nothing gets better."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.schedule import best_epoch, has_stopped, learning_rate

losses = st.lists(st.floats(0, 10), min_size=1, max_size=30)


def test_schedule_by_value() -> None:
    """Two steps of warm-up reach the peak; the middle of the cosine is half of it; it ends near zero."""
    rates = [learning_rate(step, 10, 2, 0.8) for step in range(10)]
    assert rates[:3] == [0.4, 0.8, 0.8]
    assert rates[6] == pytest.approx(0.4)
    assert rates[9] == pytest.approx(0.8 * (1 - 0.9238795325112867) / 2)


@given(st.integers(1, 200), st.integers(0, 50), st.floats(1e-6, 1))
def test_rate_is_never_above_the_peak_and_falls_after_the_warm_up(steps: int, warm_up: int, peak: float) -> None:
    """However long the warm-up, even longer than the training, rates stay within (0, peak]."""
    rates = [learning_rate(step, steps, warm_up, peak) for step in range(steps)]
    assert all(0 < rate <= peak for rate in rates)
    assert rates[:warm_up] == sorted(rates[:warm_up])
    assert rates[warm_up:] == sorted(rates[warm_up:], reverse=True)


def test_best_epoch_is_the_first_of_equals() -> None:
    """A loss that is only met again is no improvement."""
    assert best_epoch([0.5, 0.4, 0.4, 0.6]) == 1
    assert best_epoch([0.5]) == 0


def test_training_stops_after_patience_without_a_better_epoch() -> None:
    """Patience counts the epochs since the best one, and a better one starts it anew; epoch 0 is not counted."""
    assert not has_stopped([0.1], 1)
    assert not has_stopped([0.1, 0.6, 0.7], 2)
    assert has_stopped([0.1, 0.6, 0.7, 0.6], 2)
    assert not has_stopped([0.1, 0.6, 0.7, 0.5], 2)


@given(losses, st.integers(1, 10))
def test_a_new_best_epoch_never_stops_the_training(history: list[float], patience: int) -> None:
    """After an epoch better than all before it there is always another."""
    assert not has_stopped([*history, min(history) - 1], patience)
    assert history[best_epoch(history)] == min(history)
