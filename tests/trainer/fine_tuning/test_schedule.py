"""The schedule by value: a short line up, half a cosine down, and an end if nothing gets better."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.fine_tuning.schedule import Loss, best_epoch, has_stopped, is_worse, learning_rate

losses = st.lists(st.builds(Loss, st.floats(0, 10), st.floats(0, 1)), min_size=2, max_size=30)


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


def of(*means: float, error: float = 0.0) -> list[Loss]:
    """Losses with the same standard error."""
    return [Loss(mean, error) for mean in means]


def test_best_epoch_is_the_last_within_a_standard_error() -> None:
    """A loss that is not clearly above the lowest is as good, and the later epoch is chosen."""
    history = of(0.5, 0.40, 0.45, 0.44, 0.46, error=0.05)
    assert best_epoch(history) == 3
    assert best_epoch(of(0.5, 0.40, 0.45, 0.44, 0.46)) == 1
    assert best_epoch(of(0.5, 0.4, 0.4, 0.6)) == 2
    assert best_epoch(of(0.5)) == 0
    assert best_epoch(of(0.1, 0.6, 0.5, 0.7)) == 2


def test_training_stops_after_patience_without_a_better_epoch() -> None:
    """Patience counts the epochs since the best one, and a better one starts it anew; epoch 0 is never the best."""
    assert not has_stopped(of(0.1), 1)
    assert not has_stopped(of(0.1, 0.6, 0.7), 2)
    assert has_stopped(of(0.1, 0.6, 0.7, 0.65), 2)
    assert not has_stopped(of(0.1, 0.6, 0.7, 0.65, error=0.07), 2)
    assert not has_stopped(of(0.1, 0.6, 0.7, 0.5), 2)


@given(losses, st.integers(1, 10))
def test_a_new_best_epoch_never_stops_the_training(history: list[Loss], patience: int) -> None:
    """After an epoch better than all before it there is always another."""
    lowest = min(history[1:], key=lambda loss: loss.mean)
    assert not has_stopped([*history, Loss(lowest.mean - 1, 0.0)], patience)
    assert lowest.mean <= history[best_epoch(history)].mean <= lowest.mean + lowest.error


@given(losses)
def test_an_epoch_that_was_passed_over_never_becomes_the_best(history: list[Loss]) -> None:
    """So the weights of one epoch are all that is kept while training goes on."""
    kept = 0
    for epoch in range(1, len(history)):
        best = best_epoch(history[: epoch + 1])
        assert best in (kept, epoch)
        kept = best


def test_a_rise_that_chance_explains_is_not_worse() -> None:
    """Four photos' losses rise by 0.1 in the mean; how far they differ among themselves decides."""
    before = np.array([0.1, 0.2, 0.3, 0.4])
    assert is_worse(before + 0.1, before)
    assert is_worse(np.add(before, [0.05, 0.15, 0.05, 0.15]), before)
    assert not is_worse(np.add(before, [0.9, -0.5, 0.3, -0.3]), before)
    assert not is_worse(before, before)
    assert not is_worse(before - 0.1, before)
    assert is_worse(np.array([0.2]), np.array([0.1]))
