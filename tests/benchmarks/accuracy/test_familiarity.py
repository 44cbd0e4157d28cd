"""Measures of familiarity on bottlenecks that are drawn: what each of them finds far away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.familiarity import combined, fitted_gate, gate_familiarity, low_rank, mahalanobis
from trainer.bottlenecks.labelled import Labelled

FEATURES, CLASSES = 60, 3


def clusters(photos: int, seed: int) -> Labelled:
    """Positive features of three classes, each around a direction of its own."""
    random, of_class = np.random.default_rng(seed), np.arange(photos) % CLASSES
    centres = np.random.default_rng(7).uniform(0, 4, (CLASSES, FEATURES))
    drawn = np.abs(centres[of_class] + random.normal(0, 0.5, (photos, FEATURES)))
    return Labelled(drawn.astype(np.float32), of_class)


def noise() -> npt.NDArray[np.float32]:
    """Bottlenecks that are all alike and like no class."""
    return np.random.default_rng(5).uniform(0, 1, (8, FEATURES)).astype(np.float32)


def test_other_directions_are_less_familiar() -> None:
    """Each measure puts new photos of the classes before pictures whose features have no order."""
    training, validation = clusters(300, 0), clusters(100, 1)
    gate, calibration = fitted_gate(training, validation, CLASSES, noise())
    known = clusters(60, 2).features
    strange = np.abs(np.random.default_rng(3).normal(0, 3, (60, FEATURES))).astype(np.float32)
    for _, way in (
        mahalanobis(training, CLASSES),
        low_rank(training),
        combined(training, validation.features, gate, calibration.head),
        ("gate", gate_familiarity(gate, calibration.head)),
    ):
        assert way(known).min() > way(strange).max()


def test_a_picture_with_little_in_it_is_far_for_the_combined_measure() -> None:
    """A bottleneck that points away from all prototypes is penalised, although it is not far from the mean photo."""
    training, validation = clusters(300, 0), clusters(100, 1)
    gate, calibration = fitted_gate(training, validation, CLASSES, noise())
    wall = np.zeros((1, FEATURES), np.float32)
    wall[0, :3] = 0.1
    _, way = combined(training, validation.features, gate, calibration.head)
    assert way(wall)[0] < way(validation.features).min()
