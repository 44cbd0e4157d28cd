"""The work of retraining: a folder of photos becomes a model file for each quantization."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from edge.files import check_writable, write_output
from trainer.backbones.backbone import load_backbones, load_backbones_from
from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.remembered import Remembered, remember
from trainer.bottlenecks.workers import Threads, Workers
from trainer.export.compiled import compiled_path, export_compiled
from trainer.export.export import export_final, export_model
from trainer.head.learning_curve_text import TOO_FEW
from trainer.photos.dataset import Dataset
from trainer.photos.folder import list_photos
from trainer.photos.split import SPLITS, TRAINING
from trainer.progress import Progress
from trainer.retraining.all_photos import AllPhotos
from trainer.retraining.arithmetic import Arithmetic
from trainer.retraining.examples import load_examples, sample_line
from trainer.retraining.final import StoredPhotos, fit_final
from trainer.retraining.fit_taught import fit_taught
from trainer.retraining.given_backbone import Given, as_options_say, read_given, report_seen_tests
from trainer.retraining.grouped_dataset import GroupedDataset, extract
from trainer.retraining.keeping import Keeping
from trainer.retraining.options import NO_CLASS_WEIGHTS, RetrainOptions
from trainer.retraining.other_things import judge_other_things
from trainer.retraining.provenance import describe_training
from trainer.retraining.rest_of_world import RestOfWorld, gather, set_apart
from trainer.retraining.retrained import Retrained
from trainer.retraining.tensorboard import write_summaries
from trainer.retraining.tested import accuracy_in_floats, of_tests, reliabilities
from trainer.retraining.tuned_or_pretrained import FineTuningResult, pretrained_extractor, tuned_or_pretrained
from trainer.unknown.drawn_bottlenecks import draw_in_advance

IMBALANCE = 3.0
"""If the largest class has this many times the photos of the smallest, a message says so."""


def retrain_all(
    options: RetrainOptions,
    progress: Progress,
    given: Given | None = None,
    workers: Workers | None = None,
    arithmetic: Arithmetic | None = None,
) -> list[Retrained]:
    """Retrain once for each of ``options.quantizations`` and write the model files.

    ``given`` is a backbone that is there already: what ``options.backbone`` gives, if it was read before, or one that
    the options do not name. ``workers`` compute the bottlenecks of photos; None: all cores of this machine.
    ``arithmetic`` is what this process computes with: fits are kept in the cache then, and taken from there. None: they
    are not.

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
    pretrained = None
    if rest is not None and fine_tuning is not None and fine_tuning.helped:
        pretrained = pretrained_extractor(options, progress, workers)
    models = []
    for extractor, output in zip(extractors, options.outputs, strict=True):
        # One split for all files of a run: the groups are found with the first backbone.
        extracted = extract(
            extractor,
            folder,
            options,
            groups,
            beside=remembered.labels if remembered else (),
            meanwhile=partial(draw_in_advance, extractor, teaching=rest is not None),
        )
        groups = extracted.groups
        model = _retrain_one(
            extractor, output, extracted, options, fine_tuning, remembered, rest, pretrained, arithmetic
        )
        if given is not None and given.compiled is not None:
            compiled = compiled_path(output)
            write_output(compiled, export_compiled(output.read_bytes(), given.compiled))
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
    pretrained: FeatureExtractor | None,
    arithmetic: Arithmetic | None,
) -> Retrained:
    backbone, progress, dataset = extractor.backbone, extractor.progress, extracted.dataset
    examples = load_examples(extractor, dataset)  # once: the whole cache is read, however few photos are asked for
    if examples.stored is not None:
        progress.message(sample_line(examples.dataset, dataset, options))
    if remembered is None:
        _report_imbalance(dataset, options, progress)
    keeping = Keeping.of(arithmetic, extractor, examples, dataset, options, remembered)
    taught, training, validation = fit_taught(extractor, examples, dataset, options, remembered, keeping)
    fit, calibration, gate = taught
    outside = None if rest is None else gather(rest, extractor, dataset, training, options, pretrained)
    everything = AllPhotos(examples.data, examples.dataset, options, progress, remembered, outside, keeping)
    column = unknown = None
    if outside is not None:
        with progress.stage("rest of the world"):
            unknown = outside.as_class(training)
            sampled = examples.stored is not None
            calibration, column = everything.extended(taught, training, validation, sampled=sampled)
        dataset = dataset._replace(skipped=sorted({*dataset.skipped, *outside.background.skipped}))
    kept = None
    if options.remember:
        known = with_remembered(examples.of(SPLITS if options.final else (TRAINING,)), dataset.labels, remembered)
        kept = remember(known.features, known.labels, dataset.labels, options.remember)
    validated = everything.cross_validate() if options.cross_validate else None
    curve = everything.learning_curve(fit.l2) if options.learning_curve else None
    samples = with_remembered(examples.ranges(), dataset.labels, remembered).features
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
    tested = of_tests(examples, dataset)
    judging = len(dataset.test_photos) + (len(unknown.held_back) if unknown else 0)
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
            tested=tested.all,
            write_message=progress.message,
        )
    content = export.content
    if options.final:
        stored = None if examples.stored is None else StoredPhotos(dataset, examples.stored)
        last = fit_final(extractor, everything, fit, calibration, column, stored)
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
    write_output(output, content)
    if options.summaries_dir is not None:
        name = f"{backbone.architecture.name}-{backbone.quantization}"
        write_summaries(options.summaries_dir / name, fit.steps, export.evaluation)
    reliability_before, reliability_after = reliabilities(calibration, tested.some, len(dataset.labels))
    return Retrained(
        path=output,
        backbone=backbone,
        dataset=dataset,
        fit=fit,
        evaluation=export.evaluation,
        calibration=calibration,
        reliability_before=reliability_before,
        reliability_after=reliability_after,
        cross_validation=validated,
        learning_curve=curve,
        promised_accuracy=accuracy_in_floats(calibration.head, tested.all),
        computed_bottlenecks=extracted.computed,
        size_bytes=len(content),
        fine_tuning=fine_tuning,
        final=options.final,
        unknown=unknown and unknown.facts,
        sample=None if examples.stored is None else examples.dataset,
        other_things=judge_other_things(extractor, calibration, gate, outside, training, tested.all, export.evaluation),
    )


def _report_imbalance(dataset: Dataset, options: RetrainOptions, progress: Progress) -> None:
    counts = sorted((sum(splits.values()), label) for label, splits in dataset.counts().items())
    (fewest, smallest), (most, largest) = counts[0], counts[-1]
    if most >= IMBALANCE * fewest and options.class_weights == NO_CLASS_WEIGHTS:
        progress.message(
            f"classes are out of balance: {largest} has {most} photos, {smallest} {fewest}; "
            "more photos help most; --class-weights auto gives all classes the same influence"
        )
