"""Unknown: does the gate find strangers better than the best score? Each class in turn is held out; and drawings."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np

from benchmarks.accuracy.familiarity import (
    Features,
    Measure,
    best_score,
    centred_neighbours,
    combined,
    drawn_bottlenecks,
    fitted_gate,
    gate_familiarity,
    low_rank,
    mahalanobis,
    passing,
    passing_least,
    total,
)
from benchmarks.accuracy.outside import with_class
from benchmarks.accuracy.splits import thirty_percent
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.noise import noise_bottlenecks
from trainer.evaluation.auroc import auroc
from trainer.head.class_prototypes import PER_CLASS
from trainer.head.gate import TRUE_ACCEPTANCE
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import SPLITS, TEST, TRAINING, VALIDATION
from trainer.progress import Progress

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
    With the threshold of the file, or one that lets 95 % of the validation photos through, ``known``,
    ``left_out_accepted`` and ``strangers`` are the shares accepted of known test photos, of the held-out class, and of
    drawings.
    """
    rows = []
    for architecture in architectures:
        [backbone] = load_backbones(cache, architecture, None, ("int8",))
        folder, extractor = list_photos(image_dir), FeatureExtractor(backbone, cache, progress=progress)
        contents = compute_bottlenecks(extractor, folder).contents
        strangers = drawn_bottlenecks(backbone)
        for seed in seeds:
            dataset = assemble(folder, contents, thirty_percent(seed))
            features = {split: extractor.load([photo.sha256 for photo in dataset.of(split)]) for split in SPLITS}
            labels = {split: [photo.label for photo in dataset.of(split)] for split in SPLITS}
            noise = noise_bottlenecks(extractor)
            for held_out in dataset.labels:
                sets = _without(held_out, dataset.labels, features, labels)
                facts = {"architecture": architecture.name, "seed": seed, "left_out": held_out}
                found = [
                    {**facts, "measure": name, **_evaluate(way, least, sets, strangers)}
                    for name, way, least in _measures(sets, noise, extractor)
                ]
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


def _measures(sets: _Sets, noise: Features, extractor: FeatureExtractor) -> list[tuple[str, Measure, float | None]]:
    """Each measure with its name, and the threshold of a file that carries it.

    With a class for the rest of the world, a picture is accepted if it gets the name of another one.
    """
    classes = int(sets.training.labels.max()) + 1
    gates = {count: fitted_gate(sets.training, sets.validation, classes, noise, count) for count in _PROTOTYPES}
    shipped, calibration = gates[PER_CLASS]
    head = calibration.head
    alone = shipped._replace(distance=None)
    score = best_score(head)
    neighbours = centred_neighbours(sets.training)
    others = [
        ("best score", score),
        mahalanobis(sets.training, classes),
        neighbours,
        ("best score and nearest, centred", total(score, neighbours[1], sets.validation.features)),
        low_rank(sets.training),
        combined(sets.training, sets.validation.features, shipped, head),
    ]
    extended = with_class(extractor, head, sets.training, sets.validation, sets.training.features[:0])
    return [
        *((name, way, None) for name, way in others),
        (f"gate without distance, {PER_CLASS} a class", gate_familiarity(alone, head), alone.least),
        *((f"gate, {count} a class", gate_familiarity(gate, head), gate.least) for count, (gate, _) in gates.items()),
        *((each.name, each.measure, 0.0) for each in extended),
    ]


def _evaluate(way: Measure, least: float | None, sets: _Sets, strangers: dict[str, Features]) -> dict[str, Any]:
    known, held_out = way(sets.test.features), way(sets.held_out)
    if least is None:
        least = float(np.quantile(way(sets.validation.features), 1 - TRUE_ACCEPTANCE))
    return {
        "photos": len(known),
        "left_out_photos": len(held_out),
        "auroc": round(auroc(known, held_out), 4),
        "false_acceptance": passing(held_out, known),
        "known": passing_least(known, least),
        "left_out_accepted": passing_least(held_out, least),
        "strangers": {kind: passing_least(way(drawn), least) for kind, drawn in strangers.items()},
    }
