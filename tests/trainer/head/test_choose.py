"""The choice of a penalty in half the time: what is chosen is the same."""

from __future__ import annotations

import numpy as np
import pytest

from edge.errors import DatasetError
from trainer.bottlenecks.labelled import Labelled
from trainer.head.choose import choose_head
from trainer.head.fit import fit_head
from trainer.head.linear import softmax


def blobs(seed: int, photos: int, spread: float) -> Labelled:
    """Three classes around three points, in 20 values."""
    random = np.random.default_rng(seed)
    labels = np.arange(photos) % 3
    centres = np.random.default_rng(9).normal(0, 1, (3, 20))
    return Labelled(centres[labels] + random.normal(0, spread, (photos, 20)), labels.astype(np.intp))


@pytest.mark.parametrize("spread", [0.5, 1.0, 3.0])
def test_penalty_and_head_are_those_of_the_full_fit(spread: float) -> None:
    """The penalty is the same, and no score differs by more than a step of an int8 file."""
    training, validation = blobs(1, 90, spread), blobs(2, 45, spread)
    full, chosen = fit_head(training, validation, 3), choose_head(training, validation, 3)
    assert chosen.l2 == full.l2
    scores, wanted = (softmax(found.head.logits(validation.features)) for found in (chosen, full))
    assert np.abs(scores - wanted).max() < 1 / 255


def test_it_ends_when_the_check_raises() -> None:
    """The check is called between fits, so that a newer state of the photos does not wait."""
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        choose_head(blobs(1, 90, 1.0), blobs(2, 45, 1.0), 3, check=check)
    assert len(calls) == 2


def test_a_bottleneck_that_is_not_a_number_is_refused() -> None:
    """One line about the weights, as in the full fit."""
    training = blobs(1, 90, 1.0)
    training.features[3, 4] = np.nan
    with pytest.raises(DatasetError, match="not a finite number"):
        choose_head(training, blobs(2, 45, 1.0), 3)
