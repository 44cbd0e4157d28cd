"""The work of retraining: a folder of photos becomes a model file for each quantization."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.files import check_writable, write_whole
from trainer.backbones.backbone import load_backbones, load_backbones_from
from trainer.bottlenecks.augmented import with_copies
from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import load_labelled
from trainer.bottlenecks.noise import noise_bottlenecks
from trainer.bottlenecks.remembered import Remembered, remember_some
from trainer.bottlenecks.workers import Threads, Workers
from trainer.export.compiled import compiled_path, export_compiled
from trainer.export.export import export_final, export_model
from trainer.head.calibration import calibrate, reliability
from trainer.head.fit import fit_head
from trainer.head.gate import fit_gate
from trainer.head.learning_curve_text import TOO_FEW
from trainer.head.linear import softmax
from trainer.photos.dataset import Dataset
from trainer.photos.folder import list_photos
from trainer.photos.split import TEST, TRAINING, VALIDATION
from trainer.progress import Progress
from trainer.retraining.all_photos import AllPhotos, class_weights_of
from trainer.retraining.final import fit_final
from trainer.retraining.given_backbone import Given, as_options_say, read_given, report_seen_tests
from trainer.retraining.grouped_dataset import GroupedDataset, extract
from trainer.retraining.options import NO_CLASS_WEIGHTS, RetrainOptions
from trainer.retraining.other_things import judge_other_things
from trainer.retraining.provenance import describe_training
from trainer.retraining.rest_of_world import RestOfWorld, gather, set_apart
from trainer.retraining.retrained import Retrained
from trainer.retraining.tensorboard import write_summaries
from trainer.retraining.tuned_or_pretrained import FineTuningResult, tuned_or_pretrained

IMBALANCE = 3.0
"""If the largest class has this many times the photos of the smallest, a message says so."""


def retrain_all(
    options: RetrainOptions, progress: Progress, given: Given | None = None, workers: Workers | None = None
) -> list[Retrained]:
    """Retrain once for each of ``options.quantizations`` and write the model files.

    ``given`` is a backbone that is there already: what ``options.backbone`` gives, if it was read before, or one that
    the options do not name. ``workers`` compute the bottlenecks of photos; None: all cores of this machine.

    Raises the errors of :mod:`edge.errors`; every file is written whole or not at all.
    """
    options.check()
    workers = workers or Threads()
    for output in options.outputs:
        check_writable(output)
        if options.compiled is not None:
            check_writable(compiled_path(output))
    listed = list_photos(options.folder, options.layout, progress)
    if options.backbone is not None:
        given = given or read_given(options.backbone, None, options.compiled, progress.message)
        given = as_options_say(given, options)
    remembered = given.remembered if given else None
    folder, rest = set_apart(listed, options, remembered, progress)
    fine_tuning = None
    if options.fine_tune is not None:
        fine_tuning = tuned_or_pretrained(options.fine_tune, folder, options, progress, workers)
    with progress.stage("backbone"):
        bottleneck_dir, architecture = options.bottleneck_dir, options.architecture
        if given is not None:
            backbones = [given.backbone]
        elif fine_tuning is None:
            backbones = load_backbones(
                bottleneck_dir, architecture, options.weights, options.quantizations, options.converter
            )
        else:
            backbones = load_backbones_from(
                bottleneck_dir, architecture, fine_tuning.weights, options.quantizations, options.converter
            )
    extractors = [FeatureExtractor(each, bottleneck_dir, options.runtime, progress, workers) for each in backbones]
    groups = None if fine_tuning is None else fine_tuning.groups
    models = []
    for extractor, output in zip(extractors, options.outputs, strict=True):
        # One split for all files of a run: the groups are found with the first backbone.
        extracted = extract(extractor, folder, options, groups, beside=remembered.labels if remembered else ())
        groups = extracted.groups
        model = _retrain_one(extractor, output, extracted, options, fine_tuning, remembered, rest)
        if given is not None and given.compiled is not None:
            compiled = compiled_path(output)
            write_whole(compiled, export_compiled(output.read_bytes(), given.compiled))
            model = model._replace(compiled=compiled)
        models.append(model)
    if options.learning_curve and models[0].learning_curve is None:
        progress.message(TOO_FEW)
    return models


def _retrain_one(
    extractor: FeatureExtractor,
    output: Path,
    extracted: GroupedDataset,
    options: RetrainOptions,
    fine_tuning: FineTuningResult | None,
    remembered: Remembered | None,
    rest: RestOfWorld | None,
) -> Retrained:
    backbone, progress, dataset = extractor.backbone, extractor.progress, extracted.dataset
    photos, evidence = dataset.by_split(), {photo.relative for photo in dataset.test_photos}
    data = load_labelled(extractor, dataset, photos)  # once: the whole cache is read, however few photos are asked for
    splits = np.array([photo.split for photo in photos])
    own = data.where(splits == TRAINING)
    training = with_remembered(own, dataset.labels, remembered and remembered.training)
    validation = data.where(splits == VALIDATION)
    validation = with_remembered(validation, dataset.labels, remembered and remembered.validation)
    tested = data.where(np.array([photo.relative in evidence for photo in photos]))
    if remembered is None:
        _report_imbalance(dataset, options, progress)
    fitted = with_copies(extractor, dataset.of(TRAINING), own, options.augment)
    fitted = with_remembered(fitted, dataset.labels, remembered and remembered.training)
    with progress.stage("head"):
        weights = class_weights_of(fitted.labels, len(dataset.labels), options, remembered)
        fit = fit_head(fitted, validation, len(dataset.labels), options.training_steps, weights)
        calibration = calibrate(fit.head, validation, options.precision)
        if not dataset.has_evidence:  # the validation photos depend on the training photos, as the test photos do
            calibration = calibration._replace(score_threshold=None)
        everything = AllPhotos(data, dataset, options, progress, remembered)
        folds = everything.gate_folds()
        noise = noise_bottlenecks(extractor)
        gate = fit_gate(training, calibration, fit.l2, folds, backbone.quantization, noise=noise)
    outside = None if rest is None else gather(rest, extractor, dataset, training, options)
    column = unknown = None
    if outside is not None:
        with progress.stage("rest of the world"):
            unknown = outside.as_class(training)
            calibration, column = outside.extended(calibration, training, validation, folds, fit.l2)
        dataset = dataset._replace(skipped=sorted({*dataset.skipped, *outside.background.skipped}))
    everything = everything._replace(dataset=dataset, outside=outside)
    known = with_remembered(data if options.final else own, dataset.labels, remembered)
    kept = remember_some(known, dataset.labels, options.remember)
    validated = everything.cross_validate() if options.cross_validate else None
    curve = everything.learning_curve(fit.l2) if options.learning_curve else None
    samples = with_remembered(data.where(splits != TEST), dataset.labels, remembered).features
    provenance = describe_training(
        backbone,
        dataset,
        fit,
        calibration,
        options,
        cross_validation=validated,
        fine_tuning=fine_tuning,
        note=report_seen_tests(backbone, dataset, progress),
    )
    judging = len(evidence) + (len(unknown.held_back) if unknown else 0)
    with progress.stage("evaluation", judging) as advance:
        export = export_model(
            backbone,
            calibration,
            samples=samples.astype(np.float32, copy=False),
            dataset=dataset,
            provenance=provenance,
            gate=gate,
            remembered=kept,
            unknown=unknown,
            runtime=options.runtime,
            advance=advance,
        )
    content = export.content
    if options.final:
        last = fit_final(extractor, everything, fit, calibration, column)
        content = export_final(
            backbone,
            last.calibration,
            samples=last.samples,
            dataset=dataset,
            provenance=provenance,
            evaluation=export.evaluation,
            gate=gate,
            remembered=kept,
            unknown=unknown,
            runtime=options.runtime,
        )
    write_whole(output, content)
    if options.summaries_dir is not None:
        name = f"{backbone.architecture.name}-{backbone.quantization}"
        write_summaries(options.summaries_dir / name, fit.steps, export.evaluation)
    logits = calibration.head.logits(tested.features)
    named = logits.argmax(axis=1) < len(dataset.labels)  # a photo of the rest of the world gets no class to be right
    before, after = (
        reliability(softmax(scaled)[:, : len(dataset.labels)], tested.labels[named])
        for scaled in (logits[named] * calibration.temperature, logits[named])
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
        learning_curve=curve,
        promised_accuracy=float(tested.right(logits).mean()),
        computed_bottlenecks=extracted.computed,
        size_bytes=len(content),
        fine_tuning=fine_tuning,
        final=options.final,
        unknown=unknown and unknown.facts,
        other_things=judge_other_things(extractor, calibration, gate, outside, training, tested, export.evaluation),
    )


def _report_imbalance(dataset: Dataset, options: RetrainOptions, progress: Progress) -> None:
    counts = sorted((sum(splits.values()), label) for label, splits in dataset.counts().items())
    (fewest, smallest), (most, largest) = counts[0], counts[-1]
    if most >= IMBALANCE * fewest and options.class_weights == NO_CLASS_WEIGHTS:
        progress.message(
            f"classes are out of balance: {largest} has {most} photos, {smallest} {fewest}; "
            "more photos help most; --class-weights auto gives all classes the same influence"
        )
