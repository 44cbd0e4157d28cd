"""The main job: a folder of photos becomes one or more model files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.files import check_writable, write_whole
from trainer.backbones.architectures import DEFAULT_ARCHITECTURE, DEFAULT_QUANTIZATIONS, Architecture
from trainer.backbones.backbone import Backbone, load_backbones, load_backbones_from
from trainer.bottlenecks.augmented import with_copies
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled, load_labelled
from trainer.cache_folder import default_bottleneck_dir
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.interval import Interval
from trainer.export.export import export_model
from trainer.fine_tuning.recipe import Recipe
from trainer.head.calibration import Bin, Calibration, calibrate, calibration_error, reliability
from trainer.head.cross_validation import CrossValidation, assign_folds, cross_validate
from trainer.head.fit import DEFAULT_STEPS, HeadFit, accuracy, balanced_weights, fit_head, softmax
from trainer.head.gate import fit_gate
from trainer.photos.dataset import Dataset, assemble
from trainer.photos.folder import PhotoFolder, list_photos
from trainer.photos.split import SPLITS, TEST, TRAINING, VALIDATION, SplitRatios
from trainer.progress import Progress, ProgressLike, as_progress
from trainer.retraining.options import (
    AUTO_CLASS_WEIGHTS,
    DEFAULT_PRECISION,
    NO_CLASS_WEIGHTS,
    RetrainOptions,
    default_output,
)
from trainer.retraining.provenance import describe_training
from trainer.retraining.tensorboard import write_summaries
from trainer.retraining.tuned_or_pretrained import FineTuningResult, tuned_or_pretrained

IMBALANCE = 3.0
"""If the largest class has this many times the photos of the smallest, a message says so."""


class Retrained(NamedTuple):
    """One exported model: its file, its evaluation on the test photos, and what its bottlenecks promised.

    ``promised_accuracy`` is that of the head in floats on the test photos' bottlenecks. ``reliability_before`` and
    ``reliability_after`` are the bins of the same without and with the temperature. ``cross_validation`` has its
    scores in the order of training, validation and test photos.
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
    fine_tuning: FineTuningResult | None

    @property
    def accuracy(self) -> float:
        """The fraction of the test photos that the model file names rightly."""
        return self.evaluation.accuracy

    @property
    def interval(self) -> Interval:
        """Two fractions between which the accuracy on other photos of the kind lies with 95 % confidence."""
        return self.evaluation.interval

    @property
    def error_before(self) -> float:
        """The expected calibration error on the test photos without the temperature."""
        return calibration_error(self.reliability_before)

    @property
    def error_after(self) -> float:
        """The expected calibration error on the test photos with the temperature."""
        return calibration_error(self.reliability_after)


def retrain(
    photos: Dataset | str | Path,
    *,
    architecture: Architecture | str = DEFAULT_ARCHITECTURE,
    quantization: str = DEFAULT_QUANTIZATIONS[0],
    output: str | Path | None = None,
    weights: str | Path | None = None,
    fine_tune: int | Recipe | None = None,
    training_steps: int = DEFAULT_STEPS,
    class_weights: str = NO_CLASS_WEIGHTS,
    precision: float = DEFAULT_PRECISION,
    cross_validate: bool = False,
    augment: int = 0,
    bottleneck_dir: str | Path | None = None,
    summaries_dir: str | Path | None = None,
    runtime: str | None = None,
    progress: ProgressLike = None,
) -> Retrained:
    """Retrain on ``photos``, a data set or its folder, and write one model file.

    >>> model = retrain("flower_photos", architecture="mobilenet_0.50_224")  # doctest: +SKIP
    >>> model.path, model.accuracy  # doctest: +SKIP
    (PosixPath('models/flower_photos-mobilenet_0.50_224-int8.tflite'), 0.887)

    Each argument is the option of ``trainer retrain`` of the same name, with the same default. ``fine_tune`` is the
    largest number of epochs, or a whole :class:`~trainer.fine_tuning.recipe.Recipe`. ``progress`` is called with each
    :class:`~trainer.progress.Stage`; None is silent. TensorFlow, if it is needed, runs in a process of its own.

    Raises the errors of :mod:`edge.errors`; the file is written whole or not at all.
    """
    point = Architecture.parse(architecture) if isinstance(architecture, str) else architecture
    folder, ratios = (photos.root, photos.ratios) if isinstance(photos, Dataset) else (Path(photos), SplitRatios())
    options = RetrainOptions(
        folder=folder,
        output=default_output(folder, point, (quantization,)) if output is None else Path(output),
        bottleneck_dir=default_bottleneck_dir() if bottleneck_dir is None else Path(bottleneck_dir),
        architecture=point,
        quantizations=(quantization,),
        weights=None if weights is None else str(weights),
        ratios=ratios,
        training_steps=training_steps,
        summaries_dir=None if summaries_dir is None else Path(summaries_dir),
        runtime=runtime,
        class_weights=class_weights,
        precision=precision,
        cross_validate=cross_validate,
        augment=augment,
        fine_tune=Recipe.of(point, fine_tune, seed=ratios.seed) if isinstance(fine_tune, int) else fine_tune,
    )
    (model,) = retrain_all(options, as_progress(progress))
    return model


def retrain_all(options: RetrainOptions, progress: Progress) -> list[Retrained]:
    """Retrain once for each of ``options.quantizations`` and write the model files.

    Raises the errors of :mod:`edge.errors`; every file is written whole or not at all.
    """
    options.check()
    for output in options.outputs:
        check_writable(output)
    folder = list_photos(options.folder)
    fine_tuning = None
    if options.fine_tune is not None:
        fine_tuning = tuned_or_pretrained(options.fine_tune, folder, options, progress)
    with progress.stage("backbone"):
        kept_in, architecture, quantizations = options.bottleneck_dir, options.architecture, options.quantizations
        if fine_tuning is None:
            backbones = load_backbones(kept_in, architecture, options.weights, quantizations)
        else:
            backbones = load_backbones_from(kept_in, architecture, fine_tuning.weights, quantizations)
    return [
        _retrain_one(
            FeatureExtractor(backbone, kept_in, options.runtime, progress), output, folder, options, fine_tuning
        )
        for backbone, output in zip(backbones, options.outputs, strict=True)
    ]


def _retrain_one(
    extractor: FeatureExtractor,
    output: Path,
    folder: PhotoFolder,
    options: RetrainOptions,
    fine_tuning: FineTuningResult | None,
) -> Retrained:
    backbone, progress = extractor.backbone, extractor.progress
    extracted = compute_bottlenecks(extractor, folder)
    dataset = assemble(folder, extracted.contents, options.ratios)
    sets = {split: load_labelled(extractor, dataset, split) for split in SPLITS}
    _report_imbalance(dataset, options, progress)
    fitted = with_copies(extractor, dataset.of(TRAINING), sets[TRAINING], options.augment)
    with progress.stage("head"):
        weights = _class_weights(fitted.labels, len(dataset.labels), options)
        fit = fit_head(fitted, sets[VALIDATION], len(dataset.labels), options.training_steps, weights)
        calibration = calibrate(fit.head, sets[VALIDATION], options.precision)
        gate = fit_gate(sets[TRAINING], sets[VALIDATION], calibration.head, backbone.quantization)
    validated = _cross_validate(sets, dataset, options, progress) if options.cross_validate else None
    samples = Labelled.join(sets[TRAINING], sets[VALIDATION]).features.astype(np.float32, copy=False)
    provenance = describe_training(
        backbone, dataset, fit, calibration, options, cross_validation=validated, fine_tuning=fine_tuning
    )
    with progress.stage("evaluation", len(sets[TEST].labels)) as advance:
        export = export_model(
            backbone, calibration, samples, dataset, provenance, advance, runtime=options.runtime, gate=gate
        )
    write_whole(output, export.content)
    if options.summaries_dir is not None:
        name = f"{backbone.architecture.name}-{backbone.quantization}"
        write_summaries(options.summaries_dir / name, fit.steps, export.evaluation)
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
        computed_bottlenecks=extracted.computed,
        size_bytes=len(export.content),
        fine_tuning=fine_tuning,
    )


def _report_imbalance(dataset: Dataset, options: RetrainOptions, progress: Progress) -> None:
    counts = sorted((sum(splits.values()), label) for label, splits in dataset.counts().items())
    (fewest, smallest), (most, largest) = counts[0], counts[-1]
    if most >= IMBALANCE * fewest and options.class_weights == NO_CLASS_WEIGHTS:
        progress.message(
            f"classes are out of balance: {largest} has {most} photos, {smallest} {fewest}; "
            "more photos help most, --class-weights auto makes classes count alike"
        )


def _class_weights(
    labels: npt.NDArray[np.intp], classes: int, options: RetrainOptions
) -> npt.NDArray[np.float64] | None:
    return balanced_weights(labels, classes) if options.class_weights == AUTO_CLASS_WEIGHTS else None


def _cross_validate(
    sets: dict[str, Labelled], dataset: Dataset, options: RetrainOptions, progress: Progress
) -> CrossValidation:
    photos = [photo for split in sets for photo in dataset.of(split)]
    assigned, folds = assign_folds(photos, options.ratios.seed)
    classes = len(dataset.labels)
    with progress.stage("cross-validation", folds) as advance:
        return cross_validate(
            Labelled.join(*sets.values()),
            assigned,
            folds,
            classes,
            options.training_steps,
            lambda labels: _class_weights(labels, classes, options),
            advance,
        )
