"""Unknown: does the gate find strangers better than the best score? Each class in turn is held out; and drawings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from benchmarks.accuracy.drawn_strangers import draw_strangers
from benchmarks.accuracy.splits import thirty_percent
from edge.inference.gate import Gate
from edge.inference.interpreter import ImageInterpreter, dequantize
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone, load_backbones
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.head.calibration import calibrate
from trainer.head.fit import fit_head
from trainer.head.gate import TRUE_ACCEPTANCE, best_scores, fit_gate
from trainer.head.linear import Head
from trainer.head.standardisation import feature_deviation
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import SPLITS, TEST, TRAINING, VALIDATION
from trainer.progress import Progress

Features = npt.NDArray[np.float32]
Measure = Callable[[Features], npt.NDArray[np.float64]]
"""How familiar pictures with these bottlenecks (pictures, features) are: (pictures,)."""

_NEIGHBOURS = 5
_DIMENSIONS = 64  # of the Mahalanobis distance
_PROTOTYPES = (1, 4, 8, 16)


class _Sets(NamedTuple):
    training: Labelled
    validation: Labelled
    test: Labelled
    held_out: Features


def measure(
    image_dir: Path, architectures: list[Architecture], seeds: list[int], cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each architecture, split, held-out class and measure of familiarity, of int8 models.

    The test photos are 30 %. ``auroc`` is the chance that a known test photo is more familiar than one of the
    class that is held out; ``false_acceptance`` is the share of its photos accepted if 95 % of the known ones are.
    With the threshold chosen on the validation photos, as it ships, ``known``, ``left_out_accepted`` and
    ``strangers`` are the shares accepted of known test photos, of the held-out class, and of drawings.
    """
    rows = []
    for architecture in architectures:
        [backbone] = load_backbones(cache, architecture, None, ("int8",))
        folder, extractor = list_photos(image_dir), FeatureExtractor(backbone, cache, progress=progress)
        contents = compute_bottlenecks(extractor, folder).contents
        strangers = _strangers(backbone)
        for seed in seeds:
            dataset = assemble(folder, contents, thirty_percent(seed))
            features = {split: extractor.load([photo.sha256 for photo in dataset.of(split)]) for split in SPLITS}
            labels = {split: [photo.label for photo in dataset.of(split)] for split in SPLITS}
            for held_out in dataset.labels:
                sets = _without(held_out, dataset.labels, features, labels)
                facts = {"architecture": architecture.name, "seed": seed, "left_out": held_out}
                found = [{**facts, "measure": name, **_evaluate(way, sets, strangers)} for name, way in _measures(sets)]
                rows += found
                progress.message(f"{facts} " + ", ".join(f"{row['measure']} {row['auroc']:.3f}" for row in found))
    return rows


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each architecture and measure: means over splits and held-out classes."""
    lines = []
    for key in dict.fromkeys((row["architecture"], row["measure"]) for row in rows):
        its_rows = [row for row in rows if (row["architecture"], row["measure"]) == key]
        values = [f"{name} {mean(row[name] for row in its_rows):.3f}" for name in _SUMMARIZED]
        drawn = [f"{kind} {mean(r['strangers'][kind] for r in its_rows):.2f}" for kind in its_rows[0]["strangers"]]
        lines.append(f"{' '.join(key)}: {', '.join(values + drawn)}")
    return lines


_SUMMARIZED = ("auroc", "false_acceptance", "known", "left_out_accepted")


def _strangers(backbone: Backbone) -> dict[str, Features]:
    interpreter = ImageInterpreter(backbone.model)
    drawn = draw_strangers(backbone.architecture.input_size)
    return {
        kind: dequantize(np.stack([interpreter.raw_outputs(picture) for picture in pictures]), backbone.model.output)
        for kind, pictures in drawn.items()
    }


def _without(
    held_out: str, labels: tuple[str, ...], features: dict[str, Features], of_photos: dict[str, list[str]]
) -> _Sets:
    index = {label: i for i, label in enumerate(label for label in labels if label != held_out)}

    def known(split: str) -> Labelled:
        kept = np.array([label != held_out for label in of_photos[split]])
        return Labelled(
            features[split][kept], np.array([index[label] for label in of_photos[split] if label in index], np.intp)
        )

    strange = np.array([label == held_out for label in of_photos[TEST]])
    return _Sets(known(TRAINING), known(VALIDATION), known(TEST), features[TEST][strange])


def _measures(sets: _Sets) -> list[tuple[str, Measure]]:
    classes = int(sets.training.labels.max()) + 1
    fit = fit_head(sets.training, sets.validation, classes)
    head = calibrate(fit.head, sets.validation, TRUE_ACCEPTANCE).head
    score: Measure = lambda features: best_scores(head, features, "int8")  # noqa: E731
    neighbours = _centred_neighbours(sets.training)
    gates = [(count, fit_gate(sets.training, sets.validation, head, "int8", count)) for count in _PROTOTYPES]
    return [
        ("best score", score),
        (f"Mahalanobis in {_DIMENSIONS} dimensions", _mahalanobis(sets.training, classes)),
        (f"{_NEIGHBOURS} nearest, centred", neighbours),
        ("best score and nearest, centred", _sum(score, neighbours, sets.validation.features)),
        *((f"gate, {count} a class", _familiarity(gate, head)) for count, gate in gates if gate is not None),
    ]


def _familiarity(gate: Gate, head: Head) -> Measure:
    return lambda features: gate.familiarity(features, best_scores(head, features, "int8"))


def _sum(first: Measure, second: Measure, features: Features) -> Measure:
    """Both standardised on ``features`` and added."""
    (one, two) = (way(features) for way in (first, second))
    return lambda those: (first(those) - one.mean()) / one.std() + (second(those) - two.mean()) / two.std()


def _centred_neighbours(training: Labelled) -> Measure:
    """The mean cosine to the nearest training photos, of features whose mean was taken away."""
    mean_, deviation = training.features.mean(axis=0), feature_deviation(training.features)

    def units(features: Features) -> npt.NDArray[np.float64]:
        standard = (features - mean_) / deviation
        unit: npt.NDArray[np.float64] = standard / np.linalg.norm(standard, axis=1, keepdims=True)
        return unit

    known = units(training.features)
    return lambda features: np.sort(units(features) @ known.T, axis=1)[:, -_NEIGHBOURS:].mean(axis=1)


def _mahalanobis(training: Labelled, classes: int) -> Measure:
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

    return familiarity


def _evaluate(way: Measure, sets: _Sets, strangers: dict[str, Features]) -> dict[str, Any]:
    known, held_out = way(sets.test.features), way(sets.held_out)
    at_95 = np.quantile(known, 1 - TRUE_ACCEPTANCE)
    shipped = np.quantile(way(sets.validation.features), 1 - TRUE_ACCEPTANCE)
    return {
        "photos": len(known),
        "left_out_photos": len(held_out),
        "auroc": round(_auroc(known, held_out), 4),
        "false_acceptance": round(float((held_out >= at_95).mean()), 4),
        "known": round(float((known >= shipped).mean()), 4),
        "left_out_accepted": round(float((held_out >= shipped).mean()), 4),
        "strangers": {kind: round(float((way(drawn) >= shipped).mean()), 4) for kind, drawn in strangers.items()},
    }


def _auroc(known: npt.NDArray[np.float64], strange: npt.NDArray[np.float64]) -> float:
    """The area under the curve, as the share of pairs in the right order; equal ones count half (Mann and Whitney)."""
    ranks = rankdata(np.concatenate([known, strange]))[: len(known)]
    return float((ranks.sum() - len(known) * (len(known) + 1) / 2) / (len(known) * len(strange)))
