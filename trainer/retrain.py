"""The main job: a folder of photos becomes one or more model files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import UsageError
from edge.files import check_writable, write_whole
from trainer.architectures import Architecture
from trainer.backbone import Backbone, ensure_backbones
from trainer.bottleneck_cache import BottleneckCache, CorruptCacheError, set_aside
from trainer.bottlenecks import Outcome, compute_bottlenecks, load_features
from trainer.dataset import Dataset, Listing, assemble, list_photos
from trainer.evaluate import Evaluation
from trainer.export import export_model
from trainer.head import DEFAULT_STEPS, HeadFit, Labelled, accuracy, fit_head
from trainer.progress import Stages
from trainer.split import TEST, TRAINING, VALIDATION, SplitRatios
from trainer.summaries import write_summaries


@dataclass(frozen=True)
class RetrainOptions:
    """What ``trainer retrain`` is told; ``output`` names the file, or with several kinds the files' stem."""

    image_dir: Path
    output: Path
    cache: Path
    architecture: Architecture = field(default_factory=lambda: Architecture(1.0, 224))
    quantizations: tuple[str, ...] = ("int8",)
    weights: str | None = None
    ratios: SplitRatios = field(default_factory=SplitRatios)
    training_steps: int = DEFAULT_STEPS
    summaries_dir: Path | None = None
    runtime: str | None = None


class Retrained(NamedTuple):
    """One exported model: where it lies, what it is worth, and what its bottlenecks promised."""

    path: Path
    backbone: Backbone
    dataset: Dataset
    fit: HeadFit
    evaluation: Evaluation
    promised_accuracy: float
    computed_bottlenecks: int
    size_bytes: int


def retrain(options: RetrainOptions, stages: Stages) -> list[Retrained]:
    """Retrain once for each of ``options.quantizations`` and write the model files.

    Raises the errors of :mod:`edge.errors`; every file is written whole or not at all.
    """
    options.ratios.check()
    if options.training_steps < 1:
        raise UsageError(f"--training-steps {options.training_steps} trains nothing; give at least 1")
    outputs = output_paths(options.output, options.quantizations)
    for output in outputs:
        check_writable(output)
    listing = list_photos(options.image_dir)
    with stages.stage("backbone"):
        backbones = ensure_backbones(options.cache, options.architecture, options.weights, options.quantizations)
    return [
        _retrain_one(backbone, output, listing, options, stages)
        for backbone, output in zip(backbones, outputs, strict=True)
    ]


def output_paths(output: Path, quantizations: tuple[str, ...]) -> list[Path]:
    """Where each kind goes: ``output`` itself for one, ``output-KIND.tflite`` for each of several."""
    if len(quantizations) == 1:
        return [output]
    return [output.with_name(f"{output.stem}-{kind}{output.suffix or '.tflite'}") for kind in quantizations]


def cached_bottlenecks(
    backbone: Backbone, listing: Listing, cache: Path, stages: Stages, runtime: str | None = None
) -> Outcome:
    """Bring the cache in folder ``cache`` up to date for ``listing``; a corrupt cache is set aside once."""
    try:
        return _bottlenecks(backbone, listing, cache, stages, runtime)
    except CorruptCacheError as error:
        stages.say(f"trainer: the bottleneck cache is corrupt ({error}); kept as {set_aside(cache)}, starting anew")
        return _bottlenecks(backbone, listing, cache, stages, runtime)


def _bottlenecks(backbone: Backbone, listing: Listing, folder: Path, stages: Stages, runtime: str | None) -> Outcome:
    title = f"bottlenecks {backbone.quantization}"
    with BottleneckCache(folder) as cache, stages.stage(title, len(listing.candidates)) as advance:
        return compute_bottlenecks(backbone, listing, cache, advance, runtime=runtime)


def _retrain_one(
    backbone: Backbone, output: Path, listing: Listing, options: RetrainOptions, stages: Stages
) -> Retrained:
    outcome = cached_bottlenecks(backbone, listing, options.cache, stages, options.runtime)
    dataset = assemble(listing, outcome.identities, outcome.reasons, options.ratios)
    sets = {split: _labelled(backbone, dataset, split, options) for split in (TRAINING, VALIDATION, TEST)}
    with stages.stage("head"):
        fit = fit_head(sets[TRAINING], sets[VALIDATION], len(dataset.labels), options.training_steps)
    samples: npt.NDArray[np.float32] = np.concatenate(
        [sets[TRAINING].features, sets[VALIDATION].features], dtype=np.float32
    )
    with stages.stage("evaluation", len(sets[TEST].labels)) as advance:
        training = _training_facts(backbone, dataset, fit, options)
        export = export_model(backbone, fit.head, samples, dataset, training, advance, options.runtime)
    write_whole(output, export.content)
    if options.summaries_dir is not None:
        folder = options.summaries_dir / f"{backbone.architecture.name}-{backbone.quantization}"
        write_summaries(folder, fit.steps, export.evaluation)
    promised = accuracy(fit.head.logits(sets[TEST].features), sets[TEST].labels)
    size_bytes = len(export.content)
    return Retrained(output, backbone, dataset, fit, export.evaluation, promised, outcome.computed, size_bytes)


def _labelled(backbone: Backbone, dataset: Dataset, split: str, options: RetrainOptions) -> Labelled:
    photos = dataset.of(split)
    index = {label: i for i, label in enumerate(dataset.labels)}
    with BottleneckCache(options.cache) as cache:
        features = load_features(backbone, cache, [photo.sha256 for photo in photos], options.runtime)
    return Labelled(features, np.array([index[photo.label] for photo in photos], np.intp))


def _training_facts(
    backbone: Backbone, dataset: Dataset, fit: HeadFit, options: RetrainOptions
) -> dict[str, str | float | int]:
    return {
        "backbone_sha256": backbone.model.sha256,
        "weights": backbone.weights.origin,
        "weights_sha256": backbone.weights.sha256,
        "dataset_sha256": dataset_fingerprint(dataset),
        "validation_percentage": float(options.ratios.validation_percentage),
        "testing_percentage": float(options.ratios.testing_percentage),
        "seed": options.ratios.seed,
        "l2": fit.l2,
        "steps": len(fit.steps) - 1,
    }


def dataset_fingerprint(dataset: Dataset) -> str:
    """A sha256 over classes, splits and contents of all photos: the same photos, the same fingerprint."""
    lines = sorted(f"{photo.label}\0{photo.split}\0{photo.sha256.hex()}\n" for photo in dataset.photos)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
