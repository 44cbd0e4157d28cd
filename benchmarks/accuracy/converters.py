"""Backbones written directly against those of TensorFlow's converter: features, and heads fitted on them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.heads import Floats, measure_heads
from trainer.backbones.architectures import CONVERTERS, Architecture
from trainer.backbones.backbone import Backbone, load_backbones
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.folder import list_photos
from trainer.progress import Progress


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
                features[name], right[name] = measure_heads(extractor, folder, seeds)
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
