"""Measures of how familiar pictures are, from their bottlenecks: the best score, distances, and the gate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.drawn_strangers import draw_strangers
from edge.inference.gate import Gate, log_odds
from edge.inference.interpreter import ImageInterpreter, dequantize
from edge.preprocess import Pixels
from trainer.backbones.backbone import Backbone
from trainer.bottlenecks.labelled import Labelled
from trainer.head.calibration import Calibration, calibrate
from trainer.head.class_prototypes import PER_CLASS
from trainer.head.fit import DEFAULT_STEPS, fit_head
from trainer.head.folds import FOLDS, Folds
from trainer.head.gate import TRUE_ACCEPTANCE, best_scores, fit_gate, gate_shapes
from trainer.head.linear import Head
from trainer.head.standardisation import feature_deviation

Features = npt.NDArray[np.float32]
Measure = Callable[[Features], npt.NDArray[np.float64]]
"""How familiar pictures with these bottlenecks (pictures, features) are: (pictures,)."""

_NEIGHBOURS = 5
_DIMENSIONS = 64  # of the Mahalanobis distance
_AXES = 32  # of the distance in all features: a variance for each, one for the rest


def bottlenecks_of(backbone: Backbone, pictures: list[Pixels]) -> Features:
    """The real-valued bottlenecks of ``pictures`` of the backbone's size: (pictures, features)."""
    interpreter = ImageInterpreter(backbone.model)
    return dequantize(np.stack([interpreter.raw_outputs(picture) for picture in pictures]), backbone.model.output)


def drawn_bottlenecks(backbone: Backbone) -> dict[str, Features]:
    """The bottlenecks of each kind of drawing of :func:`~benchmarks.accuracy.drawn_strangers.draw_strangers`."""
    drawn = draw_strangers(backbone.architecture.input_size)
    return {kind: bottlenecks_of(backbone, pictures) for kind, pictures in drawn.items()}


def passing(values: npt.NDArray[np.float64], photos: npt.NDArray[np.float64]) -> float:
    """The share of ``values`` (pictures,) that pass a threshold which lets 95 % of ``photos`` (photos,) through."""
    return round(float((values >= np.quantile(photos, 1 - TRUE_ACCEPTANCE)).mean()), 4)


def passing_least(values: npt.NDArray[np.float64], least: float) -> float:
    """The share of ``values`` (pictures,) that are at least ``least``."""
    return round(float((values >= least).mean()), 4)


def fitted_gate(
    training: Labelled,
    validation: Labelled,
    classes: int,
    noise: Features,
    per_class: int = PER_CLASS,
) -> tuple[Gate, Calibration]:
    """The gate and the head of an int8 file that is trained on ``training`` and ``validation`` photos.

    The photos of each class, which depend on no others, come into the parts of the cross-validation in turn. ``noise``
    are bottlenecks of drawn noise.
    """
    fit = fit_head(training, validation, classes)
    calibration = calibrate(fit.head, validation, TRUE_ACCEPTANCE)
    data = Labelled(
        np.concatenate([training.features, validation.features]), np.concatenate([training.labels, validation.labels])
    )
    assigned = np.zeros(len(data.labels), np.intp)
    for label in range(classes):
        own = np.nonzero(data.labels == label)[0]
        assigned[own] = np.arange(len(own)) % FOLDS
    folds = Folds(data, assigned, FOLDS, classes, DEFAULT_STEPS)
    shapes = gate_shapes(training, folds, noise=noise, per_class=per_class)
    assert shapes is not None
    return fit_gate(shapes, calibration, fit.l2, folds, "int8"), calibration


def best_score(head: Head) -> Measure:
    """The best score of an int8 file."""
    return lambda features: best_scores(head, features, "int8")


def gate_familiarity(gate: Gate, head: Head) -> Measure:
    """What the gate of a file measures."""
    return lambda features: gate.familiarity(features, best_scores(head, features, "int8"))


def mahalanobis(training: Labelled, classes: int) -> tuple[str, Measure]:
    """Minus the squared distance to the nearest class, in the first principal components, one covariance for all."""
    mean_, deviation = training.features.mean(axis=0), feature_deviation(training.features)
    standard = (training.features - mean_) / deviation
    axes = np.linalg.svd(standard, full_matrices=False)[2][:_DIMENSIONS].T
    points = standard @ axes
    centres = np.stack([points[training.labels == label].mean(axis=0) for label in range(classes)])
    residual = points - centres[training.labels]
    covariance = residual.T @ residual / len(residual)
    shrunk = 0.9 * covariance + 0.1 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    whitening = np.linalg.cholesky(np.linalg.inv(shrunk))

    def familiarity(features: Features) -> npt.NDArray[np.float64]:
        offsets = ((features - mean_) / deviation @ axes)[:, np.newaxis] - centres
        nearest: npt.NDArray[np.float64] = -((offsets @ whitening) ** 2).sum(axis=2).min(axis=1)
        return nearest

    return f"Mahalanobis in {_DIMENSIONS} dimensions", familiarity


def centred_neighbours(training: Labelled) -> tuple[str, Measure]:
    """The mean cosine to the nearest training photos, of features whose mean was taken away."""
    mean_, deviation = training.features.mean(axis=0), feature_deviation(training.features)

    def units(features: Features) -> npt.NDArray[np.float64]:
        standard = (features - mean_) / deviation
        unit: npt.NDArray[np.float64] = standard / np.linalg.norm(standard, axis=1, keepdims=True)
        return unit

    known = units(training.features)
    return (
        f"{_NEIGHBOURS} nearest, centred",
        lambda features: np.sort(units(features) @ known.T, axis=1)[:, -_NEIGHBOURS:].mean(axis=1),
    )


def low_rank(training: Labelled) -> tuple[str, Measure]:
    """Minus the logarithm of the squared Mahalanobis distance to the mean photo, in all features.

    The covariance is that of the first principal components, and one variance for all other directions.
    """
    mean_, deviation = training.features.mean(axis=0, dtype=np.float64), feature_deviation(training.features)
    _, singular, directions = np.linalg.svd((training.features - mean_) / deviation, full_matrices=False)
    variances = singular**2 / len(training.features)
    axes = directions[:_AXES].T
    rest = max(float(variances[_AXES:].sum()) / (len(mean_) - _AXES), 1e-9)

    def familiarity(features: Features) -> npt.NDArray[np.float64]:
        offsets = (features - mean_) / deviation
        along = (offsets @ axes) ** 2
        beyond = (offsets**2).sum(axis=1) - along.sum(axis=1)
        logarithm: npt.NDArray[np.float64] = -np.log((along / variances[:_AXES]).sum(axis=1) + beyond / rest)
        return logarithm

    return f"Mahalanobis, {_AXES} axes and the rest", familiarity


def total(first: Measure, second: Measure, features: Features) -> Measure:
    """Both standardised on ``features`` and added."""
    (one, two) = (way(features) for way in (first, second))
    return lambda those: (first(those) - one.mean()) / one.std() + (second(those) - two.mean()) / two.std()


def combined(training: Labelled, validation: Features, gate: Gate, head: Head) -> tuple[str, Measure]:
    """Distance, a quarter of the log odds, and a penalty for pictures that point away from all prototypes.

    Each part is in units of its deviation on ``validation``. The penalty begins two deviations below the median.
    """
    score = best_score(head)
    parts: tuple[Measure, ...] = (
        low_rank(training)[1],
        lambda features: log_odds(score(features)),
        lambda features: gate.nearness(features).astype(np.float64),
    )
    distance, odds, near = (_unit(way, validation) for way in parts)
    return (
        "distance, log odds, prototypes",
        lambda those: distance(those) + 0.25 * odds(those) + 2 * np.minimum(near(those) + 2, 0),
    )


def _unit(way: Measure, features: Features) -> Measure:
    values = way(features)
    middle, spread = np.median(values), max(float(values.std()), 1e-9)
    return lambda those: (way(those) - middle) / spread
