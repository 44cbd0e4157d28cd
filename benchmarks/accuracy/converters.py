"""Backbones written directly against those of TensorFlow's converter: features, and heads fitted on them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.splits import thirty_percent
from trainer.backbones.architectures import CONVERTERS, Architecture
from trainer.backbones.backbone import Backbone, load_backbones
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import load_labelled
from trainer.head.fit import fit_head
from trainer.photos.dataset import assemble
from trainer.photos.folder import PhotoFolder, list_photos
from trainer.photos.split import TEST, TRAINING, VALIDATION
from trainer.progress import Progress

Floats = npt.NDArray[np.floating[Any]]


def compare(
    image_dir: Path,
    architectures: list[Architecture],
    quantizations: Sequence[str],
    seeds: list[int],
    cache: Path,
    progress: Progress,
) -> list[dict[str, Any]]:
    """One row for each architecture and quantization.

    ``largest`` is the largest difference of a feature on any photo, ``variance_share`` the mean squared difference as
    a share of the features' variance. The accuracies are those of heads in floats on the features, 0 to 1, on 30 % of
    the photos, in each split of ``seeds``; ``difference`` is direct minus TensorFlow, ``difference_error`` its standard
    error. ``seconds`` are those of building the artifact, if this run has built it.
    """
    folder = list_photos(image_dir)
    rows = []
    for architecture in architectures:
        for quantization in quantizations:
            built = {name: _build(architecture, quantization, name, cache) for name in CONVERTERS}
            extractors = {
                name: FeatureExtractor(backbone, cache, progress=progress) for name, (backbone, _) in built.items()
            }
            features, right = {}, {}
            for name, extractor in extractors.items():
                features[name], right[name] = _measure(extractor, folder, seeds)
            rows.append(
                {
                    "architecture": architecture.name,
                    "quantization": quantization,
                    **_differences(features["direct"], features["tensorflow"]),
                    **_accuracies(np.array(right["direct"]), np.array(right["tensorflow"])),
                    "seconds": {name: seconds for name, (_, seconds) in built.items()},
                    "size_bytes": {name: backbone.model.size_bytes for name, (backbone, _) in built.items()},
                }
            )
            progress.message(str(rows[-1]))
    return rows


def _build(architecture: Architecture, quantization: str, converter: str, cache: Path) -> tuple[Backbone, float | None]:
    before = len(list(cache.glob("backbones/*")))
    started = time.perf_counter()
    (backbone,) = load_backbones(cache, architecture, None, (quantization,), converter)
    seconds = time.perf_counter() - started
    return backbone, round(seconds, 2) if len(list(cache.glob("backbones/*"))) > before else None


def _measure(extractor: FeatureExtractor, folder: PhotoFolder, seeds: list[int]) -> tuple[Floats, list[float]]:
    contents = compute_bottlenecks(extractor, folder).contents
    right = []
    for seed in seeds:
        dataset = assemble(folder, contents, thirty_percent(seed))
        sets = {split: load_labelled(extractor, dataset, dataset.of(split)) for split in (TRAINING, VALIDATION, TEST)}
        head = fit_head(sets[TRAINING], sets[VALIDATION], len(dataset.labels)).head
        right.append(float((head.logits(sets[TEST].features).argmax(axis=1) == sets[TEST].labels).mean()))
    return extractor.load([contents.sha256[relative] for relative in sorted(contents.sha256)]), right


def _differences(found: Floats, expected: Floats) -> dict[str, float]:
    difference = found.astype(np.float64) - expected
    share = float((difference**2).mean() / expected.astype(np.float64).var(axis=0).mean())
    return {"largest": float(f"{np.abs(difference).max():.3g}"), "variance_share": float(f"{share:.3g}")}


def _accuracies(direct: npt.NDArray[np.float64], tensorflow: npt.NDArray[np.float64]) -> dict[str, float]:
    difference = direct - tensorflow
    error = float(difference.std(ddof=1) / np.sqrt(len(difference))) if len(difference) > 1 else float("nan")
    return {
        "accuracy_direct": round(float(direct.mean()), 4),
        "accuracy_tensorflow": round(float(tensorflow.mean()), 4),
        "difference": round(float(difference.mean()), 4),
        "difference_error": round(error, 4),
    }
