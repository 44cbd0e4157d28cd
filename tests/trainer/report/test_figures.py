"""The curves of a fine-tuning: their points, and what their captions say of the kept weights."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from trainer.backbones.weights import Weights
from trainer.fine_tuning.checkpoint import Epoch
from trainer.fine_tuning.fine_tune import Tuned
from trainer.fine_tuning.recipe import Recipe
from trainer.report.content import ReportContent
from trainer.report.figures import Figure, training_curves
from trainer.retraining.tuned_or_pretrained import FineTuningResult, ValidationScore

TUNED, PRETRAINED = Weights("imagenet, fine-tuned", None, "1"), Weights("imagenet", None, "0")
EPOCHS = [Epoch(0.4, 0.8, 0.0), Epoch(0.6, 0.5, 0.0, 0.9, 0.4), Epoch(0.2, 1.0, 0.0, 0.3, 0.75)]


def curves_of(content: ReportContent, kept: Weights) -> list[Figure]:
    """The figures of a training that was fine-tuned for two epochs."""
    assert content.training is not None
    outcome = FineTuningResult(
        Tuned(TUNED, Recipe(2, 0, 128), EPOCHS),
        kept,
        ValidationScore(0.8, np.array([0.1, 0.7])),
        ValidationScore(0.9, np.array([0.1, 0.2])),
        {},
    )
    return training_curves(dataclasses.replace(content, training=content.training._replace(tuning=outcome)))


def points(figure: Figure, style: str) -> list[tuple[float, float]]:
    """The points of a curve, in pixels of the chart."""
    (drawn,) = re.findall(f'<polyline class="line {style}" points="([^"]*)"', figure.svg)
    return [(float(x), float(y)) for x, y in (place.split(",") for place in drawn.split())]


@pytest.mark.parametrize(
    ("kept", "said"), [(TUNED, "The weights of epoch 2 were kept."), (PRETRAINED, "The pretrained weights were kept.")]
)
def test_fine_tuning_is_drawn_before_the_head(content: ReportContent, kept: Weights, said: str) -> None:
    """Two figures by epoch come before the two of the head; their captions say which weights were kept and why."""
    figures = curves_of(content, kept)
    assert [figure.title.rpartition(" by ")[2] for figure in figures] == ["epoch of fine-tuning"] * 2 + [
        "training step"
    ] * 2
    assert figures[2:] == training_curves(content)
    assert all(figure.caption.startswith(said) for figure in figures[:2])
    assert "reaches 0.150 with the tuned backbone and 0.400 with the pretrained one." in figures[1].caption


def test_training_photos_have_no_epoch_0(content: ReportContent) -> None:
    """The curve of the training photos begins at epoch 1; both curves have the same scale."""
    accuracy, loss = curves_of(content, TUNED)[:2]
    for figure in (accuracy, loss):
        training, validation = points(figure, "first"), points(figure, "second")
        assert [x for x, _ in training] == [x for x, _ in validation][1:]
        assert len(validation) == 3
    (_, low), (_, high) = points(accuracy, "first")
    heights = [y for _, y in points(accuracy, "second")]
    assert (low - high) / 0.35 == pytest.approx((heights[1] - heights[2]) / 0.5, rel=0.01)
    assert heights[2] < heights[0] < high < heights[1] < low  # upwards is less
