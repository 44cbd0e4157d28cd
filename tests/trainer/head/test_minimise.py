"""The minimum of a head's loss."""

from __future__ import annotations

import numpy as np
import pytest

from support.blobs import blobs
from trainer.bottlenecks.labelled import Labelled
from trainer.head.fit import fit_again
from trainer.head.linear import Head
from trainer.head.minimise import minimise, span_of
from trainer.head.standardisation import Standardisation


@pytest.mark.parametrize("photos", [6, 18, 40, 64, 90])
@pytest.mark.parametrize("l2", [0.001, 0.01])
def test_the_head_of_few_photos_does_not_depend_on_rounding(photos: int, l2: float) -> None:
    """Photos in another order are added up otherwise, as on another processor: nine digits of the head are equal."""
    training = blobs(3, photos, features=256, distance=1.0)
    order = np.random.default_rng(5).permutation(photos)
    turned = Labelled(training.features[order], training.labels[order])
    one, other = (fit_again(part, 3, l2, 500) for part in (training, turned))
    assert np.abs(one.weights - other.weights).max() < 1e-9 * np.abs(one.weights).max()


def test_a_start_outside_the_span_leaves_no_trace() -> None:
    """With few photos the weights at the minimum lie in the span of their features, wherever the fit has begun."""
    training = blobs(4, 12, features=40, distance=1.0)
    unit = Standardisation.of(training.features)
    standard = Labelled(unit.apply(training.features), training.labels)
    start = Head(np.random.default_rng(6).normal(size=(40, 3)), np.zeros(3))
    head = minimise(standard, np.ones(3), 0.1, 500, start)
    span = span_of(standard.features)
    assert span.shape == (40, 11)  # their mean is zero: one direction fewer than photos
    np.testing.assert_allclose(span @ (span.T @ head.weights), head.weights, atol=1e-12)
    np.testing.assert_allclose(head.weights, minimise(standard, np.ones(3), 0.1, 500).weights, atol=1e-4)
