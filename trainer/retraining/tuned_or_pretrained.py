"""Fine-tuning within one run of ``trainer retrain``: the tuned weights, or the pretrained ones if they are better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.backbones.backbone import load_backbones, load_backbones_from
from trainer.backbones.weights import Weights
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.workers import Workers
from trainer.fine_tuning.fine_tune import Tuned, check_tensorflow, find_tuned, fine_tune
from trainer.fine_tuning.recipe import Recipe
from trainer.fine_tuning.schedule import is_worse
from trainer.head.calibration import calibrated_cross_entropies
from trainer.head.fit import fit_head
from trainer.head.linear import Head
from trainer.one_thread import one_thread
from trainer.photos.dataset import Dataset
from trainer.photos.photo_files import PhotoFolder
from trainer.photos.split import TRAINING, VALIDATION
from trainer.progress import Progress
from trainer.retraining.examples import load_examples
from trainer.retraining.grouped_dataset import extract
from trainer.retraining.options import RetrainOptions


class ValidationScore(NamedTuple):
    """How well a head that is fitted on int8 bottlenecks labels the validation photos.

    ``accuracy`` is the share labelled correctly, ``losses`` (groups,) are the cross entropies (nats) at the best
    temperature, each the mean of a group of photos that depend on each other.
    """

    accuracy: float
    losses: npt.NDArray[np.float64]

    @property
    def cross_entropy(self) -> float:
        """The mean of the losses."""
        return float(self.losses.mean())


class FineTuningResult(NamedTuple):
    """What fine-tuning found, the ``weights`` that are kept, and how good the heads before and after it are.

    ``groups`` are the groups of the photos, as relative path -> first photo.
    """

    tuned: Tuned
    weights: Weights
    before: ValidationScore
    after: ValidationScore
    groups: Mapping[str, str]

    @property
    def helped(self) -> bool:
        """Whether the tuned weights are kept."""
        return self.weights == self.tuned.weights

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights are kept, 0 for the pretrained ones."""
        return self.tuned.best_epoch if self.helped else 0


def tuned_or_pretrained(
    recipe: Recipe, folder: PhotoFolder, options: RetrainOptions, progress: Progress, workers: Workers
) -> FineTuningResult:
    """Fine-tune on the photos in ``folder`` from a head on the int8 artifact's bottlenecks, and evaluate the result.

    A new head, fitted on the tuned int8 bottlenecks, is compared with that first one. If it labels the validation
    photos worse, the pretrained weights are kept. Test photos are not used. ``workers`` compute the bottlenecks.

    Raises the errors of :func:`trainer.fine_tuning.fine_tune.fine_tune`.
    """
    bottleneck_dir = options.bottleneck_dir
    check_tensorflow(bottleneck_dir)
    with progress.stage("backbone"):
        pretrained = pretrained_extractor(options, progress, workers)
    backbone = pretrained.backbone
    dataset, groups, _ = extract(pretrained, folder, options, None)
    head, before = _fit_and_score(pretrained, dataset)
    tuned = find_tuned(bottleneck_dir, backbone, dataset, recipe)
    if tuned is None:
        tuned = fine_tune(bottleneck_dir, backbone, dataset, recipe, head=head, progress=progress)
    with progress.stage("backbone"):
        (tuned_backbone,) = load_backbones_from(
            bottleneck_dir, options.architecture, tuned.weights, ("int8",), options.converter
        )
    extractor = FeatureExtractor(tuned_backbone, bottleneck_dir, options.runtime, progress, workers)
    compute_bottlenecks(extractor, folder)
    _, after = _fit_and_score(extractor, dataset)
    kept = backbone.weights if is_worse(after.losses, before.losses) else tuned.weights
    return FineTuningResult(tuned, kept, before, after, groups)


def pretrained_extractor(options: RetrainOptions, progress: Progress, workers: Workers) -> FeatureExtractor:
    """What computes the bottlenecks of the int8 artifact before fine-tuning, on which its first head is fitted."""
    (backbone,) = load_backbones(
        options.bottleneck_dir, options.architecture, options.weights, ("int8",), options.converter
    )
    return FeatureExtractor(backbone, options.bottleneck_dir, options.runtime, progress, workers)


def _fit_and_score(extractor: FeatureExtractor, dataset: Dataset) -> tuple[Head, ValidationScore]:
    examples = load_examples(extractor, dataset)
    training, validation = (examples.of((split,)) for split in (TRAINING, VALIDATION))
    with extractor.progress.stage("head"):
        head = fit_head(training, validation, len(dataset.labels)).head
    with one_thread():  # the same choice on any number of cores
        logits = head.logits(validation.features)
        losses = calibrated_cross_entropies(logits, validation.labels, validation.weights)
        score = ValidationScore(float(validation.right(logits).mean()), validation.group_means(losses))
    return head, score
