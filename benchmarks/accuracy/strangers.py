"""Strangers: how many pictures of other things are taken for a class, where 95 % of the known test photos are?"""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.familiarity import (
    Features,
    Measure,
    best_score,
    bottlenecks_of,
    combined,
    drawn_bottlenecks,
    fitted_gate,
    gate_familiarity,
    low_rank,
    passing,
    passing_least,
)
from benchmarks.accuracy.outside import with_class as heads_with_class
from benchmarks.accuracy.splits import thirty_percent
from edge.preprocess import preprocess
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled, load_labelled
from trainer.bottlenecks.noise import noise_bottlenecks
from trainer.evaluation.auroc import auroc
from trainer.head.calibration import calibrate
from trainer.head.fit import fit_head
from trainer.head.gate import TRUE_ACCEPTANCE
from trainer.head.linear import Head, softmax
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import TEST, TRAINING, VALIDATION
from trainer.photos.strange_photos import list_strangers
from trainer.progress import Progress

DEFAULTS = ("mobilenet_0.25_160", "mobilenet_0.50_192", "mobilenet_1.0_224", "mobilenet_v2_0.35_224")
"""The architectures that are measured if none is given."""

_HALVES_SEED = 5  # which strangers may teach; the measures were chosen on this half and on other splits
_CHOOSING = 4  # every fourth of the strangers that teach chooses the penalty, with the validation photos
_OF_CLASS = ("accepted_by_score", "known_unknown", "strangers_unknown", "accuracy_with_class")


class _Judge(NamedTuple):
    """A measure, the accuracy of the classes among themselves, and the least familiarity that a file asks, if it does.

    Without one, it is what lets 95 % of the validation photos through.
    """

    name: str
    way: Measure
    accuracy: float
    least: float | None = None


def measure(
    image_dir: Path,
    strangers: Path,
    architectures: list[Architecture],
    seeds: list[int],
    cache: Path,
    progress: Progress,
) -> list[dict[str, Any]]:
    """One row for each architecture, split and measure of familiarity, of int8 models and 30 % test photos.

    Half of the pictures in ``strangers`` teach the measure that has a class of its own for them; the other half is
    counted. ``accepted`` is the share of it, and ``drawn`` that of each kind of drawing, that is as familiar as 95 % of
    the known test photos. ``known`` and ``accepted_as_shipped`` are the shares of test photos and of strangers above
    the threshold of the file, or above one that lets 95 % of the validation photos through. ``accuracy`` is that of the
    classes among themselves.
    With a class for the rest of the world, the measure is the lead of the best other label. ``known_unknown`` and
    ``strangers_unknown`` are the shares of test photos and of strangers that are answered so, ``accuracy_with_class``
    counts such a test photo as wrong, and ``accepted_by_score`` goes by the best score of the other labels.
    """
    found = list_strangers(strangers, image_dir, lambda sha256: None, progress)
    teaching, judging = halves(len(found.paths))
    rows = []
    for architecture in architectures:
        [backbone] = load_backbones(cache, architecture, None, ("int8",))
        folder, extractor = list_photos(image_dir), FeatureExtractor(backbone, cache, progress=progress)
        contents = compute_bottlenecks(extractor, folder).contents
        pictures = [preprocess(path, backbone.model.input_size) for path in found.paths]
        strange, drawn = bottlenecks_of(backbone, pictures), drawn_bottlenecks(backbone)
        for seed in seeds:
            dataset = assemble(folder, contents, thirty_percent(seed))
            training, validation, test = (
                load_labelled(extractor, dataset, dataset.of(split)) for split in (TRAINING, VALIDATION, TEST)
            )
            noise = noise_bottlenecks(extractor)
            for judge in _judges(training, validation, test, strange[teaching], len(dataset.labels), noise):
                shares = _shares(judge, validation.features, test.features, strange[judging], drawn)
                facts = {"architecture": architecture.name, "seed": seed, "measure": judge.name}
                rows.append({**facts, "accuracy": round(judge.accuracy, 4), **shares})
            head = calibrate(fit_head(training, validation, len(dataset.labels)).head, validation, TRUE_ACCEPTANCE).head
            accuracy = _accuracy(head, test, len(dataset.labels))
            for extended in heads_with_class(extractor, head, training, validation, strange[teaching]):
                judge = _Judge(extended.name, extended.measure, accuracy)
                shares = _shares(judge, validation.features, test.features, strange[judging], drawn)
                facts = {"architecture": architecture.name, "seed": seed, "measure": judge.name}
                answers = extended.answers(test, strange[judging])
                rows.append({**facts, "accuracy": round(accuracy, 4), **shares, **answers})
            progress.message(f"{architecture.name}, split {seed}")
    return rows


def halves(count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Which of ``count`` strangers may teach, and which are counted: two halves, always the same."""
    order = np.random.default_rng(_HALVES_SEED).permutation(count)
    return order[: count // 2], order[count // 2 :]


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each architecture and measure: means over the splits."""
    lines = []
    for key in dict.fromkeys((row["architecture"], row["measure"]) for row in rows):
        its_rows = [row for row in rows if (row["architecture"], row["measure"]) == key]
        names: tuple[str, ...] = ("auroc", "accepted", "known", "accepted_as_shipped", "accuracy")
        names += tuple(name for name in _OF_CLASS if name in its_rows[0])
        values = [f"{name} {mean(row[name] for row in its_rows):.3f}" for name in names]
        drawn = [f"{kind} {mean(row['drawn'][kind] for row in its_rows):.2f}" for kind in its_rows[0]["drawn"]]
        lines.append(f"{' '.join(key)}: {', '.join(values + drawn)}")
    return lines


def _judges(
    training: Labelled, validation: Labelled, test: Labelled, teaching: Features, classes: int, noise: Features
) -> list[_Judge]:
    gate, calibration = fitted_gate(training, validation, classes, noise)
    head = calibration.head
    accuracy = _accuracy(head, test, classes)
    alone = gate._replace(distance=None)
    choosing = np.arange(len(teaching)) % _CHOOSING == 0
    with_class = fit_head(
        _beside(training, teaching[~choosing], classes), _beside(validation, teaching[choosing], classes), classes + 1
    ).head

    def log_odds(features: Features) -> Any:
        scores = np.log(softmax(with_class.logits(features)))
        return scores[:, :classes].max(axis=1) - scores[:, classes]

    return [
        _Judge("best score", best_score(head), accuracy),
        _Judge("gate without distance", gate_familiarity(alone, head), accuracy, alone.least),
        _Judge("gate as it ships", gate_familiarity(gate, head), accuracy, gate.least),
        _Judge(*low_rank(training), accuracy),
        _Judge(*combined(training, validation.features, gate, head), accuracy),
        _Judge(f"one more class, taught by {len(teaching)} photos", log_odds, _accuracy(with_class, test, classes)),
    ]


def _beside(data: Labelled, strange: Features, label: int) -> Labelled:
    """``data`` and ``strange`` pictures as the class ``label``."""
    labels = np.concatenate([data.labels, np.full(len(strange), label, np.intp)])
    return Labelled(np.concatenate([data.features, strange]), labels)


def _accuracy(head: Head, test: Labelled, classes: int) -> float:
    return float((head.logits(test.features)[:, :classes].argmax(axis=1) == test.labels).mean())


def _shares(
    judge: _Judge, validation: Features, test: Features, strange: Features, drawn: dict[str, Features]
) -> dict[str, Any]:
    known, others = judge.way(test), judge.way(strange)
    least = judge.least
    if least is None:
        least = float(np.quantile(judge.way(validation), 1 - TRUE_ACCEPTANCE))
    return {
        "photos": len(known),
        "strangers": len(others),
        "auroc": round(auroc(known, others), 4),
        "accepted": passing(others, known),
        "known": passing_least(known, least),
        "accepted_as_shipped": passing_least(others, least),
        "drawn": {kind: passing(judge.way(each), known) for kind, each in drawn.items()},
    }
