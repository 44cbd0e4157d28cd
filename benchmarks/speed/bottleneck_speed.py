"""Bottlenecks a second: the int8 artifact on every core against Keras float batches fed by ``tf.data``."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pairs import pairs
from benchmarks.speed.keras_script import run_script
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone, load_backbones
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.folder import list_photos
from trainer.photos.photo_files import PhotoFolder
from trainer.progress import Progress


def compare(
    image_dir: Path, architecture: Architecture, rounds: int, cache: Path, progress: Progress
) -> dict[str, Any]:
    """Photos a second of both, ``rounds`` times in turn, decoding included in both, and the ratio of the medians."""
    found = list_photos(image_dir)
    (backbone,) = load_backbones(cache, architecture, None, ("int8",))
    ours, keras = [], []
    with progress.stage("rounds", rounds) as advance:
        for _ in range(rounds):
            ours.append(_ours(backbone, found))
            keras.append(_keras(backbone, found))
            advance(1)
    return {
        "architecture": architecture.name,
        "photos": len(found.files),
        "ours_images_per_s": [round(rate, 1) for rate in ours],
        "keras_images_per_s": [round(rate, 1) for rate in keras],
        "ratio": round(median(ours) / median(keras), 2),
        **pairs(ours, keras).as_json(),
    }


def _ours(backbone: Backbone, found: PhotoFolder) -> float:
    with tempfile.TemporaryDirectory() as cache:
        started = time.perf_counter()
        extracted = compute_bottlenecks(FeatureExtractor(backbone, Path(cache)), found)
        return extracted.computed / (time.perf_counter() - started)


def _keras(backbone: Backbone, found: PhotoFolder) -> float:
    paths = "\n".join(str(file.path) for file in found.files)
    return float(run_script("keras_bottlenecks", backbone, text=paths))
