"""Do directions belong to a backbone, and do they tell other things from the photos? Right ones beside wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import logsumexp

from benchmarks.accuracy.familiarity import Features, Measure, bottlenecks_of, passing
from edge.preprocess import preprocess
from trainer.backbones.backbone import Backbone, drawn_pictures
from trainer.evaluation.auroc import auroc
from trainer.photos.folder import list_photos
from trainer.photos.strange_photos import list_strangers
from trainer.progress import Progress
from trainer.unknown.directions import Directions, find_directions
from trainer.unknown.fit_test import above_chance
from trainer.unknown.packaged_directions import packaged_directions, packaged_networks, unit_rows

_DRAWN_SEEDS = range(8)
_FEW = 5
_ORDER_SEED = 7
_LEAST_DEVIATION = 1e-6


def measure(image_dir: Path, strangers: Path, backbones: list[Backbone], progress: Progress) -> list[dict[str, Any]]:
    """A row for each of ``backbones`` and each set of directions with the size of its bottleneck.

    The sets are the one that is found for it, the same with the values in another order, and those that come with the
    trainer. ``photos``, ``few`` (five photos beside forty drawings) and ``drawings`` are how far the pictures are above
    chance. ``accepted`` is the share of strangers that are no nearer to the directions than 95 % of the known photos
    are (the logarithm of the summed exponentials of the cosines, each standardised on the other half of the photos).
    """
    rows = []
    found = list_strangers(strangers, image_dir, lambda sha256: None, progress)
    photos = [file.path for file in list_photos(image_dir).files]
    for backbone in backbones:
        size = backbone.model.input_size
        known, strange = (
            bottlenecks_of(backbone, [preprocess(path, size) for path in paths]) for paths in (photos, found.paths)
        )
        drawn = bottlenecks_of(backbone, drawn_pictures(backbone.architecture, _DRAWN_SEEDS))
        few = np.concatenate([known[:: len(known) // _FEW][:_FEW], drawn])
        for name, vectors in _sets(backbone, find_directions(backbone, known)).items():
            values = {"photos": known, "few": few, "drawings": drawn}
            deviations = {key: round(above_chance(each, vectors), 1) for key, each in values.items()}
            far = _nearness(known[::2], vectors)
            facts = {"backbone": backbone.architecture.name, "tuned": backbone.tuned is not None, "directions": name}
            accepted = passing(far(strange), far(known[1::2]))
            area = round(auroc(far(known[1::2]), far(strange)), 3)
            rows.append({**facts, **deviations, "accepted": accepted, "auroc": area})
            progress.message(str(rows[-1]))
    return rows


def _sets(backbone: Backbone, found: Directions | None) -> dict[str, Features]:
    sets = {}
    if found is not None:
        order = np.random.default_rng(_ORDER_SEED).permutation(backbone.bottleneck_size)
        sets = {found.source: found.vectors, "the same in another order": found.vectors[:, order]}
    packaged = {name: packaged_directions(name) for name in packaged_networks()}
    return sets | {name: each for name, each in packaged.items() if each.shape[1] == backbone.bottleneck_size}


def _nearness(features: Features, vectors: Features) -> Measure:
    """Minus the nearness to all of ``vectors`` together, standardised on ``features``."""

    def cosines(pictures: Features) -> Features:
        return unit_rows(pictures) @ vectors.T

    seen = cosines(features)
    mean, deviation = seen.mean(axis=0), np.maximum(seen.std(axis=0), _LEAST_DEVIATION)
    return lambda pictures: -logsumexp((cosines(pictures) - mean) / deviation, axis=1)
