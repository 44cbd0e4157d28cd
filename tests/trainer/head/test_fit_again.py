"""A head that is fitted with a penalty that is known."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import DatasetError
from support.blobs import blobs
from trainer.bottlenecks.labelled import Labelled
from trainer.head.fit import DEFAULT_STEPS, fit_again, fit_head
from trainer.head.linear import softmax
from trainer.head.minimise import refit_head
from trainer.head.standardisation import feature_deviation


def test_refitted_head_is_near_the_fitted_one() -> None:
    """With the same penalty on standardised features it gives nearly the same scores, from any first head."""
    training, validation = blobs(1), blobs(2)
    fit = fit_head(training, validation, 3)
    mean, deviation = training.features.mean(axis=0), feature_deviation(training.features)
    standard = Labelled((training.features - mean) / deviation, training.labels)
    head = refit_head(standard, 3, fit.l2, 500)
    again = refit_head(standard, 3, fit.l2, 500, start=head)
    expected = softmax(fit.head.logits(validation.features))
    for found in (head, again):
        scores = softmax(found.logits((validation.features - mean) / deviation))
        assert np.abs(scores - expected).max() < 0.05


def test_fit_again_is_the_fit_with_the_penalty_that_was_found() -> None:
    """On the same photos, bit for bit; on more photos another head."""
    training, validation = blobs(1, 60, distance=2), blobs(2, 60, distance=2)
    fit = fit_head(training, validation, 3, class_weights=np.array([1.0, 2.0, 3.0]))
    again = fit_again(training, 3, fit.l2, DEFAULT_STEPS, np.array([1.0, 2.0, 3.0]))
    assert again.weights.tobytes() == fit.head.weights.tobytes()
    assert again.bias.tobytes() == fit.head.bias.tobytes()
    both = Labelled(
        np.concatenate([training.features, validation.features]), np.concatenate([training.labels, validation.labels])
    )
    more = fit_again(both, 3, fit.l2, DEFAULT_STEPS)
    assert np.abs(more.weights - fit.head.weights).max() > 1e-3


def test_fit_again_refuses_what_is_not_finite() -> None:
    """As the fit does."""
    training = blobs(1)
    training.features[3, 2] = np.nan
    with pytest.raises(DatasetError, match="not a finite number"):
        fit_again(training, 3, 0.1, 10)
