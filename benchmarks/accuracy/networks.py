"""All networks in one table: how good their features are, as int8 and in floats, how large and how slow they are."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.heads import measure_heads
from edge.inference.interpreter import ImageInterpreter
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone, drawn_pictures, load_backbones
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.folder import list_photos
from trainer.progress import Progress

KINDS = ("int8", "float32")
ROUNDS = 9
"""Of the timing; both kinds take turns, and every second round runs backwards."""

_RUNS = 12  # inferences in a round; its median counts


def measure(
    image_dir: Path, architectures: list[Architecture], seeds: list[int], cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each architecture.

    The accuracies are those of heads in floats on each kind's features, 0 to 1, on 30 % of the photos, the mean over
    the splits ``seeds``; ``accuracy_spread`` is the standard deviation of the int8 ones over the splits, ``int8_loss``
    is float minus int8, ``int8_loss_error`` its standard error. ``variance_share`` is the mean squared difference of
    the two kinds' features, as a share of the features' variance. ``ms`` is the median time of an inference on one
    thread, in milliseconds, ``size_bytes`` the size without a head.
    """
    folder = list_photos(image_dir)
    rows = []
    for architecture in architectures:
        backbones = load_backbones(cache, architecture, None, KINDS)
        extractors = [FeatureExtractor(each, cache, progress=progress) for each in backbones]
        measured = [measure_heads(extractor, folder, seeds) for extractor in extractors]
        (int8, right), (floats, right_floats) = ((features.astype(np.float64), right) for features, right in measured)
        loss = np.array(right_floats) - np.array(right)
        rows.append(
            {
                "architecture": architecture.name,
                "weights": backbones[0].weights.origin,
                "values": backbones[0].bottleneck_size,
                "accuracy": {
                    "int8": round(float(np.mean(right)), 4),
                    "float32": round(float(np.mean(right_floats)), 4),
                },
                "accuracy_spread": round(float(np.std(right, ddof=1)), 4),
                "int8_loss": round(float(loss.mean()), 4),
                "int8_loss_error": round(float(loss.std(ddof=1) / np.sqrt(len(loss))), 4),
                "variance_share": float(f"{((int8 - floats) ** 2).mean() / floats.var(axis=0).mean():.3g}"),
                "ms": _times(architecture, backbones),
                "size_bytes": {each.quantization: each.model.size_bytes for each in backbones},
            }
        )
        progress.message(str(rows[-1]))
    return rows


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """The rows as a table in Markdown."""
    lines = ["| network | int8 | float32 | int8 loses | int8 | float32 | int8 |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        accuracy, ms = row["accuracy"], row["ms"]
        lines.append(
            f"| {row['architecture']} | {100 * accuracy['int8']:.1f} ± {100 * row['accuracy_spread']:.1f} % "
            f"| {100 * accuracy['float32']:.1f} % | {100 * row['int8_loss']:+.1f} ± {100 * row['int8_loss_error']:.1f} "
            f"| {ms['int8']:.2f} ms | {ms['float32']:.2f} ms | {row['size_bytes']['int8'] / 1e6:.2f} MB |"
        )
    return lines


def _times(architecture: Architecture, backbones: list[Backbone]) -> dict[str, float]:
    picture = drawn_pictures(architecture, [0])[0]
    interpreters = {each.quantization: ImageInterpreter(each.model) for each in backbones}
    times: dict[str, list[float]] = {kind: [] for kind in interpreters}
    for number in range(ROUNDS):
        for kind in reversed(KINDS) if number % 2 else KINDS:
            interpreter, runs = interpreters[kind], []
            for _ in range(_RUNS):
                started = time.perf_counter()
                interpreter.scores(picture)
                runs.append(time.perf_counter() - started)
            times[kind].append(statistics.median(runs))
    return {kind: round(1000 * statistics.median(found), 3) for kind, found in times.items()}
