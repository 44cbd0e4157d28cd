"""Augmentation: heads on the photos alone and with augmented copies, int8 and float32, same test photos."""

from __future__ import annotations

from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.splits import thirty_percent
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone, load_backbones
from trainer.bottlenecks.augmented import compute_copies, copy_sha256
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.head.fit import fit_head
from trainer.head.linear import accuracy
from trainer.photos.dataset import Dataset, assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import TEST, TRAINING, VALIDATION
from trainer.progress import Progress

QUANTIZATIONS = ("float32", "int8")


def compare(
    image_dir: Path, architectures: list[Architecture], seeds: list[int], copies: int, cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each architecture, quantization and split: accuracies (0..1) on the same 30 % of the photos.

    ``photos_alone`` is that of a head fitted on the training photos, ``augmented`` of one fitted on
    ``copies`` augmented copies of each too, both on the bottlenecks of the quantization's own artifact. The head of
    an int8 file is rounded to 8 bits too; ``benchmarks accuracy`` measures what that costs.
    """
    rows = []
    for architecture in architectures:
        for backbone in load_backbones(cache, architecture, None, QUANTIZATIONS):
            datasets, bottlenecks = _read(backbone, image_dir, seeds, copies, cache, progress)
            for seed, dataset in zip(seeds, datasets, strict=True):
                validation, test = (bottlenecks.of(dataset, split, 0) for split in (VALIDATION, TEST))
                row = {
                    "architecture": architecture.name,
                    "quantization": backbone.quantization,
                    "seed": seed,
                    "variants": copies,
                    "test_photos": len(test.labels),
                }
                for name, count in (("photos_alone", 0), ("augmented", copies)):
                    fit = fit_head(bottlenecks.of(dataset, TRAINING, count), validation, len(dataset.labels))
                    row[name] = round(accuracy(fit.head.logits(test.features), test.labels), 4)
                rows.append(row)
                progress.message(str(row))
    return rows


class _Bottlenecks(NamedTuple):
    """``features[0]`` (photos, features) are the photos' own, ``features[n]`` those of augmented copy n of each."""

    row_of: dict[bytes, int]
    features: list[npt.NDArray[np.float32]]

    def of(self, dataset: Dataset, split: str, copies: int) -> Labelled:
        """The photos of ``split``, and behind them ``copies`` augmented copies of each."""
        photos = dataset.of(split)
        rows = [self.row_of[photo.sha256] for photo in photos]
        labels = np.array([dataset.labels.index(photo.label) for photo in photos], np.intp)
        chosen = [features[rows] for features in self.features[: copies + 1]]
        return Labelled(np.concatenate(chosen), np.tile(labels, copies + 1))


def _read(
    backbone: Backbone, image_dir: Path, seeds: list[int], copies: int, cache: Path, progress: Progress
) -> tuple[list[Dataset], _Bottlenecks]:
    folder, extractor = list_photos(image_dir), FeatureExtractor(backbone, cache, progress=progress)
    contents = compute_bottlenecks(extractor, folder).contents
    datasets = [assemble(folder, contents, thirty_percent(seed)) for seed in seeds]
    photos = datasets[0].photos
    compute_copies(extractor, photos, copies)
    features = [extractor.load([photo.sha256 for photo in photos])]
    for number in range(1, copies + 1):
        features.append(extractor.load([copy_sha256(photo.sha256, number) for photo in photos]))
    return datasets, _Bottlenecks({photo.sha256: row for row, photo in enumerate(photos)}, features)


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each architecture and quantization: mean and standard deviation over the splits, in per cent."""
    lines = []
    for key in dict.fromkeys((row["architecture"], row["quantization"]) for row in rows):
        its_rows = [row for row in rows if (row["architecture"], row["quantization"]) == key]
        gains = [100 * (row["augmented"] - row["photos_alone"]) for row in its_rows]
        parts = []
        for name in ("photos_alone", "augmented"):
            parts.append(f"{name} {_mean_and_deviation([100 * row[name] for row in its_rows])}")
        lines.append(f"{' '.join(key)}: {', '.join(parts)}, gain {_mean_and_deviation(gains)}")
    return lines


def _mean_and_deviation(values: list[float]) -> str:
    return f"{mean(values):.1f} ± {stdev(values) if len(values) > 1 else 0.0:.1f}"
