"""Photos a second while a network is fine-tuned: ours against a plain Keras loop on the same photos, in turn."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.pairs import pairs
from benchmarks.speed.keras_script import run_script
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone, load_backbones
from trainer.backbones.tensorflow_child import run_tensorflow
from trainer.fine_tuning.job import Job, TuningPhoto
from trainer.fine_tuning.recipe import Recipe
from trainer.photos.dataset import read_dataset
from trainer.photos.split import TRAINING, VALIDATION, SplitRatios
from trainer.progress import Progress


def compare(
    image_dir: Path, architecture: Architecture, rounds: int, epochs: int, cache: Path, progress: Progress
) -> dict[str, Any]:
    """Photos a second of both, ``rounds`` times in turn, and the ratio of the medians.

    Each begins anew with the pretrained weights. The first of the ``epochs`` is not counted: photos are decoded and
    graphs are made in it. The validation photos are looked at after each epoch in both.
    """
    (backbone,) = load_backbones(cache, architecture, None, ("int8",))
    dataset = read_dataset(image_dir, SplitRatios())
    index = {label: i for i, label in enumerate(dataset.labels)}
    splits = {
        split: [TuningPhoto(str(photo.path), index[photo.label]) for photo in dataset.of(split)]
        for split in (TRAINING, VALIDATION)
    }
    ours, keras = [], []
    with progress.stage("rounds", rounds) as advance:
        for _ in range(rounds):
            ours.append(_ours(backbone, splits, len(dataset.labels), Recipe.of(architecture, epochs)))
            keras.append(_keras(backbone, splits, epochs))
            advance(1)
    return {
        "architecture": architecture.name,
        "training_photos": len(splits[TRAINING]),
        "validation_photos": len(splits[VALIDATION]),
        "epochs": epochs,
        "ours_images_per_s": [round(rate, 1) for rate in ours],
        "keras_images_per_s": [round(rate, 1) for rate in keras],
        "ratio": round(median(ours) / median(keras), 2),
        **pairs(ours, keras).as_json(),
    }


def rate_behind_first(times_s: Sequence[tuple[int, float]], an_epoch: int) -> float:
    """Photos a second from the end of the first epoch on.

    ``times_s`` are the numbers of photos that were learnt from so far, with the moments in seconds; an epoch has
    ``an_epoch`` of them.
    """
    started, start_s = next(one for one in times_s if one[0] >= an_epoch)
    done, end_s = times_s[-1]
    return (done - started) / (end_s - start_s)


def _ours(backbone: Backbone, splits: dict[str, list[TuningPhoto]], labels: int, recipe: Recipe) -> float:
    times_s: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        job = Job(
            architecture=backbone.architecture.name,
            weights=str(backbone.weights.path) if backbone.weights.path else None,
            recipe=recipe,
            identity={},
            training=splits[TRAINING],
            validation=splits[VALIDATION],
            head_weights=np.zeros((backbone.bottleneck_size, labels)).tolist(),
            head_bias=[0.0] * labels,
            checkpoint=str(Path(scratch) / "checkpoint"),
            output=str(Path(scratch) / "output"),
        )

        def listen(line: str) -> None:
            if line.startswith("{"):
                before = times_s[-1][0] if times_s else 0
                times_s.append((before + json.loads(line)["photos"], time.perf_counter()))

        run_tensorflow("this benchmark", "trainer.fine_tuning.train", text=job.to_json(), listen=listen)
    return rate_behind_first(times_s, len(splits[TRAINING]))


def _keras(backbone: Backbone, splits: dict[str, list[TuningPhoto]], epochs: int) -> float:
    count = len(splits[TRAINING])
    ends_s = json.loads(run_script("keras_tuning", backbone, str(epochs), text=json.dumps(splits)))
    return rate_behind_first([(count * number, end_s) for number, end_s in enumerate(ends_s, 1)], count)
