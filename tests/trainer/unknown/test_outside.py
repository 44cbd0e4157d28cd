"""The class for the rest of the world beside a head: how many photos of the classes it takes."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.bottlenecks.labelled import Labelled
from trainer.head.calibration import calibrate
from trainer.head.fit import DEFAULT_STEPS, fit_head
from trainer.head.folds import FOLDS, Folds
from trainer.unknown.background import Background
from trainer.unknown.outside import FEW_VALIDATION, Outside

VALUES, CLASSES = 24, 2


def classes(photos: int, seed: int) -> Labelled:
    """Positive values of two classes that vary much."""
    random, labels = np.random.default_rng(seed), np.arange(photos) % CLASSES
    centres = np.random.default_rng(7).uniform(0, 2, (CLASSES, VALUES))
    drawn = np.abs(centres[labels] + random.normal(0, 1.5, (photos, VALUES)))
    return Labelled(drawn.astype(np.float32), labels)


def taken(validation_photos: int) -> list[float]:
    """The share of 500 new photos of the classes that the class takes, for five draws of the others."""
    nothing = Background([], np.zeros((0, VALUES), np.float32), np.zeros(0, bool), [])
    outside = Outside("unknown", nothing, None, np.zeros((8, VALUES), np.float32))
    shares = []
    for draw in range(5):
        known, validation = classes(60, 2 * draw + 100), classes(validation_photos, 2 * draw + 101)
        fit = fit_head(known, validation, CLASSES)
        both = Labelled(*(np.concatenate(pair) for pair in zip(known[:2], validation[:2], strict=True)))
        folds = Folds(both, np.arange(len(both.labels)) // CLASSES % FOLDS, FOLDS, CLASSES, DEFAULT_STEPS)
        calibration = calibrate(fit.head, validation, 0.95)
        head = outside.extended(calibration, known, validation, folds, fit.l2).calibration.head
        shares.append(float((head.logits(classes(500, 1).features).argmax(axis=1) == CLASSES).mean()))
    return shares


def test_what_fine_tuning_moved_teaches_too() -> None:
    """Bottlenecks in a place where no others teach are answered ``unknown``, and the file counts them."""
    known, validation = classes(200, 100), classes(200, 101)
    nothing = Background([], np.zeros((0, VALUES), np.float32), np.zeros(0, bool), [])
    moved = np.full((50, VALUES), 2.5, np.float32)
    moved[:, ::2] = 0
    calibration = calibrate(fit_head(known, validation, CLASSES).head, validation, 0.95)
    answers = []
    for teaching in (None, moved):
        outside = Outside("unknown", nothing, None, np.zeros((8, VALUES), np.float32), teaching)
        head = outside.extended(calibration, known, validation, None, 0.01).calibration.head
        answers.append(int(head.logits(moved[:1]).argmax()) == CLASSES)
        assert outside.as_class(known).facts.directions == 800 + (0 if teaching is None else 50)
    assert answers == [False, True]


@pytest.mark.parametrize("validation_photos", [4, FEW_VALIDATION])
def test_few_photos_of_the_classes_are_taken(validation_photos: int) -> None:
    """About one in fifty, whether few or many validation photos chose the bias."""
    shares = taken(validation_photos)
    assert np.mean(shares) < 0.035
    assert max(shares) < 0.08
