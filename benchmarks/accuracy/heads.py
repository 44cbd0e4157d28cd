"""How good a backbone's features are: heads in floats that are fitted on them, in several splits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.splits import thirty_percent
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import load_labelled
from trainer.head.fit import fit_head
from trainer.photos.dataset import assemble
from trainer.photos.folder import PhotoFolder
from trainer.photos.split import TEST, TRAINING, VALIDATION

Floats = npt.NDArray[np.floating[Any]]


def measure_heads(extractor: FeatureExtractor, folder: PhotoFolder, seeds: list[int]) -> tuple[Floats, list[float]]:
    """The features of all photos (photos, values), and the share of test photos that is right in each split."""
    contents = compute_bottlenecks(extractor, folder).contents
    right = []
    for seed in seeds:
        dataset = assemble(folder, contents, thirty_percent(seed))
        sets = {split: load_labelled(extractor, dataset, dataset.of(split)) for split in (TRAINING, VALIDATION, TEST)}
        head = fit_head(sets[TRAINING], sets[VALIDATION], len(dataset.labels)).head
        right.append(float((head.logits(sets[TEST].features).argmax(axis=1) == sets[TEST].labels).mean()))
    return extractor.load([contents.sha256[relative] for relative in sorted(contents.sha256)]), right
