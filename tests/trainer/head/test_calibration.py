"""Temperature, calibration error and the recommended threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.head.calibration import (
    BINS,
    Bin,
    calibration_error,
    fit_temperature,
    reliability,
    score_threshold,
    with_temperature,
)
from trainer.head.linear import Head, cross_entropy, softmax


def calibrated(seed: int, photos: int = 4000, labels: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels that are drawn with just the probabilities that the logits say."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (photos, labels))
    drawn = (softmax(logits).cumsum(axis=1) < random.random((photos, 1))).sum(axis=1)
    return logits, drawn.clip(max=labels - 1)


@given(st.integers(0, 1000), st.sampled_from([0.25, 0.5, 1.0, 2.0, 5.0]))
@settings(max_examples=15, deadline=None)
def test_the_temperature_of_an_exaggerating_model_is_found(seed: int, factor: float) -> None:
    """Logits that are ``factor`` times too large get about that temperature, and never a higher cross entropy."""
    logits, labels = calibrated(seed)
    found = fit_temperature(logits * factor, labels)
    assert found == pytest.approx(factor, rel=0.12)
    assert cross_entropy(logits * factor / found, labels) <= cross_entropy(logits * factor, labels) + 1e-6


def test_a_few_right_answers_do_not_make_the_scores_extreme() -> None:
    """Five photos, all right and sure, leave the temperature near 1; without a prior it would fall to its bound."""
    logits = np.eye(5) * 4
    assert 0.6 < fit_temperature(logits, np.arange(5)) < 1.0


def test_cooling_divides_every_logit() -> None:
    """With a temperature, the head's logits are the head's divided by the temperature."""
    random = np.random.default_rng(1)
    head, features = Head(random.normal(size=(6, 3)), random.normal(size=3)), random.normal(size=(10, 6))
    np.testing.assert_allclose(with_temperature(head, 2.5).logits(features), head.logits(features) / 2.5)


def test_reliability_bins() -> None:
    """Each photo falls into the bin of its best score; the error weights the bins by their photos."""
    scores = np.array([[0.9, 0.1], [0.92, 0.08], [0.4, 0.6], [0.0, 1.0]])
    bins = reliability(scores, np.array([0, 1, 1, 1]))
    assert len(bins) == BINS
    assert bins[13] == Bin(2, pytest.approx(0.91), 0.5)
    assert bins[9] == Bin(1, pytest.approx(0.6), 1.0)
    assert bins[14] == Bin(1, 1.0, 1.0)
    assert sum(part.photos for part in bins) == 4
    assert calibration_error(bins) == pytest.approx((2 * 0.41 + 0.4 + 0.0) / 4)


def test_a_calibrated_model_has_a_small_error_and_an_exaggerating_one_a_large_one() -> None:
    """The calibration error of calibrated logits is near 0; of logits three times too large, far from it."""
    logits, labels = calibrated(3)
    assert calibration_error(reliability(softmax(logits), labels)) < 0.03
    assert calibration_error(reliability(softmax(3 * logits), labels)) > 0.1


def test_threshold_is_the_lowest_that_keeps_the_precision() -> None:
    """Of ten answers the six surest are right, the next is wrong: 6/6, then 6/7; ties are answered together."""
    best = np.array([0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.8, 0.7, 0.7, 0.6])
    scores = np.stack([best, 1 - best], axis=1)
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 0, 0, 1])
    assert score_threshold(scores, labels, 0.95, least=3) == 0.94
    assert score_threshold(scores, labels, 0.85, least=3) == 0.7  # 8 of 9
    assert score_threshold(scores, labels, 0.8, least=3) == 0.6  # 8 of 10
    assert score_threshold(scores, labels, 0.95, least=7) is None


@given(st.integers(0, 1000), st.floats(0.5, 1.0))
def test_threshold_keeps_its_promise(seed: int, precision: float) -> None:
    """Among the photos that reach the threshold at least the promised share is right."""
    logits, labels = calibrated(seed, 200)
    scores = softmax(logits)
    threshold = score_threshold(scores, labels, precision)
    if threshold is not None:
        answered = scores.max(axis=1) >= threshold
        assert answered.sum() >= 20
        assert (scores.argmax(axis=1) == labels)[answered].mean() >= precision - 1e-12


@given(st.integers(0, 100))
@settings(max_examples=10, deadline=None)
def test_weights_count_as_repeated_photos(seed: int) -> None:
    """A photo of weight 3 moves the temperature as three equal photos do."""
    logits, labels = calibrated(seed, photos=60)
    counts = np.arange(60) % 3 + 1
    repeated = fit_temperature(np.repeat(logits, counts, axis=0), np.repeat(labels, counts))
    assert fit_temperature(logits, labels, counts.astype(float)) == pytest.approx(repeated, rel=1e-3)


def test_copies_of_one_photo_are_one_answer() -> None:
    """Sixty copies of a right answer and one wrong answer are two answers, of which one is right."""
    best = np.array([0.9] * 60 + [0.8])
    scores = np.stack([best, 1 - best], axis=1)
    labels = np.array([0] * 60 + [1])
    weights = np.array([1 / 60] * 60 + [1.0])
    assert score_threshold(scores, labels, 0.95, least=2) == 0.8
    assert score_threshold(scores, labels, 0.95, least=2, weights=weights) is None
    assert score_threshold(scores, labels, 0.95, least=1, weights=weights) == 0.9
    assert score_threshold(scores, labels, 0.5, least=2, weights=weights) == 0.8
