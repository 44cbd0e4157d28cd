"""The main job: a folder of photos becomes one or more model files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import UsageError
from edge.files import check_writable, write_whole
from trainer.backbones.backbone import Backbone, backbones_of, ensure_backbones
from trainer.bottlenecks.labelled import Labelled, cached_bottlenecks, labelled
from trainer.bottlenecks.variants import augment
from trainer.evaluation.evaluate import Evaluation
from trainer.export.export import export_model
from trainer.head.calibration import Bin, Calibration, calibrate, calibration_error, reliability
from trainer.head.cross_validation import CrossValidation, assign_folds, cross_validate
from trainer.head.fit import HeadFit, accuracy, balanced_weights, fit_head, softmax
from trainer.head.gate import fit_gate
from trainer.photos.dataset import Dataset, Listing, assemble, list_photos
from trainer.photos.split import SPLITS, TEST, TRAINING, VALIDATION
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions, output_paths
from trainer.retraining.provenance import training_facts
from trainer.retraining.tensorboard import write_summaries
from trainer.retraining.tuned_or_pretrained import TuningOutcome, tuned_or_pretrained

IMBALANCE = 3.0
"""Times as many photos in the largest class as in the smallest from which that is worth a word."""


class Retrained(NamedTuple):
    """One exported model: where it lies, what it is worth, and what its bottlenecks promised.

    ``reliability_before`` and ``reliability_after`` are the bins of the test photos' bottlenecks without and with
    the temperature. ``cross_validation`` has its scores in the order of training, validation and test photos.
    """

    path: Path
    backbone: Backbone
    dataset: Dataset
    fit: HeadFit
    evaluation: Evaluation
    calibration: Calibration
    reliability_before: list[Bin]
    reliability_after: list[Bin]
    cross_validation: CrossValidation | None
    promised_accuracy: float
    computed_bottlenecks: int
    size_bytes: int
    tuning: TuningOutcome | None

    @property
    def error_before(self) -> float:
        """The expected calibration error on the test photos without the temperature."""
        return calibration_error(self.reliability_before)

    @property
    def error_after(self) -> float:
        """The expected calibration error on the test photos with the temperature."""
        return calibration_error(self.reliability_after)


def retrain(options: RetrainOptions, progress: Progress) -> list[Retrained]:
    """Retrain once for each of ``options.quantizations`` and write the model files.

    Raises the errors of :mod:`edge.errors`; every file is written whole or not at all.
    """
    options.ratios.check()
    if options.training_steps < 1:
        raise UsageError(f"--training-steps {options.training_steps} trains nothing; give at least 1")
    if options.augment < 0:
        raise UsageError(f"--augment {options.augment} makes no variants; give 0 or more")
    if not 0 < options.precision <= 1:
        raise UsageError(f"--precision {options.precision:g} is no share; give a number above 0, at most 1")
    if options.recipe is not None:
        options.recipe.check()
        if options.cross_validate:
            raise UsageError("--cross-validate would judge with photos that --fine-tune has learnt; give one of both")
    outputs = output_paths(options.output, options.quantizations)
    for output in outputs:
        check_writable(output)
    listing = list_photos(options.image_dir)
    tuning = None if options.recipe is None else tuned_or_pretrained(options.recipe, listing, options, progress)
    with progress.stage("backbone"):
        if tuning is not None:
            backbones = backbones_of(options.cache, options.architecture, tuning.weights, options.quantizations)
        else:
            backbones = ensure_backbones(options.cache, options.architecture, options.weights, options.quantizations)
    return [
        _retrain_one(backbone, output, listing, options, progress, tuning)
        for backbone, output in zip(backbones, outputs, strict=True)
    ]


def _retrain_one(
    backbone: Backbone,
    output: Path,
    listing: Listing,
    options: RetrainOptions,
    progress: Progress,
    tuning: TuningOutcome | None,
) -> Retrained:
    outcome = cached_bottlenecks(backbone, listing, options.cache, progress, options.runtime)
    dataset = assemble(listing, outcome.identities, outcome.reasons, options.ratios)
    sets = _labelled_sets(backbone, dataset, options)
    _tell_imbalance(dataset, options, progress)
    fitted = augment(backbone, dataset, sets[TRAINING], options.augment, options.cache, progress, options.runtime)
    with progress.stage("head"):
        weights = _class_weights(fitted.labels, len(dataset.labels), options)
        fit = fit_head(fitted, sets[VALIDATION], len(dataset.labels), options.training_steps, weights)
        calibration = calibrate(fit.head, sets[VALIDATION], options.precision)
        gate = fit_gate(sets[TRAINING], sets[VALIDATION], calibration.head, backbone.quantization)
    validated = _cross_validate(sets, dataset, options, progress) if options.cross_validate else None
    samples: npt.NDArray[np.float32] = np.concatenate(
        [sets[TRAINING].features, sets[VALIDATION].features], dtype=np.float32
    )
    with progress.stage("evaluation", len(sets[TEST].labels)) as advance:
        training = training_facts(backbone, dataset, fit, calibration, options) | (
            {} if tuning is None else tuning.facts()
        )
        if validated is not None:
            training |= {"cross_validated_right": validated.right, "cross_validated_photos": validated.photos}
        export = export_model(backbone, calibration, samples, dataset, training, advance, options.runtime, gate)
    write_whole(output, export.content)
    if options.summaries_dir is not None:
        folder = options.summaries_dir / f"{backbone.architecture.name}-{backbone.quantization}"
        write_summaries(folder, fit.steps, export.evaluation)
    logits = fit.head.logits(sets[TEST].features)
    before, after = (
        reliability(softmax(scaled), sets[TEST].labels) for scaled in (logits, logits / calibration.temperature)
    )
    return Retrained(
        path=output,
        backbone=backbone,
        dataset=dataset,
        fit=fit,
        evaluation=export.evaluation,
        calibration=calibration,
        reliability_before=before,
        reliability_after=after,
        cross_validation=validated,
        promised_accuracy=accuracy(logits, sets[TEST].labels),
        computed_bottlenecks=outcome.computed,
        size_bytes=len(export.content),
        tuning=tuning,
    )


def _labelled_sets(backbone: Backbone, dataset: Dataset, options: RetrainOptions) -> dict[str, Labelled]:
    return {split: labelled(backbone, dataset, split, options.cache, options.runtime) for split in SPLITS}


def _tell_imbalance(dataset: Dataset, options: RetrainOptions, progress: Progress) -> None:
    counts = sorted((sum(splits.values()), label) for label, splits in dataset.counts().items())
    (fewest, smallest), (most, largest) = counts[0], counts[-1]
    if most >= IMBALANCE * fewest and not options.balance:
        progress.message(
            f"classes are out of balance: {largest} has {most} photos, {smallest} {fewest}; "
            "more photos help most, --class-weights auto makes classes count alike"
        )


def _class_weights(
    labels: npt.NDArray[np.intp], classes: int, options: RetrainOptions
) -> npt.NDArray[np.float64] | None:
    return balanced_weights(labels, classes) if options.balance else None


def _cross_validate(
    sets: dict[str, Labelled], dataset: Dataset, options: RetrainOptions, progress: Progress
) -> CrossValidation:
    everything = Labelled(
        np.concatenate([part.features for part in sets.values()]),
        np.concatenate([part.labels for part in sets.values()]),
    )
    photos = [photo for split in sets for photo in dataset.of(split)]
    assigned, folds = assign_folds(photos, options.ratios.seed)
    classes = len(dataset.labels)
    with progress.stage("cross-validation", folds) as advance:
        return cross_validate(
            everything,
            assigned,
            folds,
            classes,
            options.training_steps,
            lambda labels: _class_weights(labels, classes, options),
            advance,
        )
