"""``trainer retrain``: the main job."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from edge.errors import UsageError
from edge.printable import printable
from edge.types import UNKNOWN
from trainer.backbones.architectures import CONVERTERS, DEFAULT_ARCHITECTURE, DEFAULT_QUANTIZATIONS, Architecture
from trainer.cache_folder import default_bottleneck_dir
from trainer.cluster.connect import connected
from trainer.commands.options import (
    ArchitectureName,
    AsJson,
    BackboneFile,
    Background,
    BottleneckDir,
    Converter,
    ConverterChoice,
    Groups,
    GroupsChoice,
    ImageDir,
    InputRange,
    Layout,
    LayoutChoice,
    Mean,
    NoUnknown,
    Quantizations,
    RayAddress,
    Std,
    UnknownName,
    WeightsChoice,
    chosen_quantizations,
    normalization_of,
)
from trainer.commands.retrain_output import FEW_PHOTOS, model_json, print_models
from trainer.commands.skipped_files import name_skipped
from trainer.commands.speed_output import report_slow, speed_json, speed_line, time_retrained
from trainer.evaluation.shared_classes import composed
from trainer.fine_tuning.recipe import DEFAULT_FROM_BLOCK, Recipe
from trainer.head.fit import DEFAULT_STEPS
from trainer.photos.bucket import as_place
from trainer.photos.layout import AUTO
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.arithmetic import arithmetic_of_new_process
from trainer.retraining.given_backbone import read_given
from trainer.retraining.options import (
    CLASS_WEIGHTS,
    DEFAULT_PRECISION,
    NO_CLASS_WEIGHTS,
    RetrainOptions,
    default_output,
)
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained
from trainer.terminal.progress_bars import TerminalProgress

_RATIOS = SplitRatios()

ClassWeights = Enum("ClassWeights", {name: name for name in CLASS_WEIGHTS}, type=str)  # type: ignore[misc]


def retrain_command(
    context: typer.Context,
    image_dir: ImageDir,
    layout: LayoutChoice = Layout[AUTO],
    architecture: ArchitectureName = DEFAULT_ARCHITECTURE.name,
    output: Annotated[Path | None, typer.Option(help="The model file (default: in the folder models).")] = None,
    quantization: Quantizations = None,
    weights: WeightsChoice = None,
    converter: ConverterChoice = Converter[CONVERTERS[0]],
    backbone: BackboneFile = None,
    input_range: InputRange = None,
    mean: Mean = None,
    std: Std = None,
    compiled: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The network of --backbone as edgetpu_compiler wrote it: MODEL_edgetpu.tflite gets the same head. It "
            "cannot be run or measured here.",
        ),
    ] = None,
    bottleneck_dir: BottleneckDir = None,
    ray: RayAddress = None,
    fine_tune: Annotated[
        int | None,
        typer.Option(help="The largest number of epochs in which MobileNet v1 is trained too (default: it is not)."),
    ] = None,
    fine_tune_from: Annotated[
        int | None,
        typer.Option(help="The first of MobileNet's 13 blocks that --fine-tune trains; 0 trains all (default: 0)."),
    ] = None,
    summaries_dir: Annotated[Path | None, typer.Option(help="A folder for TensorBoard summaries.")] = None,
    training_steps: Annotated[
        int, typer.Option(help="The largest number of steps in which the head is fitted (L-BFGS).")
    ] = DEFAULT_STEPS,
    testing_percentage: Annotated[
        float, typer.Option(help="Percentage of photos that are used only to measure the accuracy.")
    ] = _RATIOS.testing_percentage,
    validation_percentage: Annotated[
        float, typer.Option(help="Percentage of photos that are used to choose among heads and thresholds.")
    ] = _RATIOS.validation_percentage,
    seed: Annotated[int, typer.Option(help="A number that the split depends on.")] = _RATIOS.seed,
    class_weights: Annotated[
        ClassWeights, typer.Option(help="auto: a class with few photos counts as much as a class with many.")
    ] = ClassWeights[NO_CLASS_WEIGHTS],
    precision: Annotated[
        float, typer.Option(help="Share of right answers, 0 to 1, that the recommended score threshold aims at.")
    ] = DEFAULT_PRECISION,
    cross_validation: Annotated[
        bool,
        typer.Option(
            "--cross-validate", help=f"Evaluate on every photo too; useful with fewer than {FEW_PHOTOS} photos."
        ),
    ] = False,
    learning_curve: Annotated[
        bool,
        typer.Option(
            "--learning-curve",
            help="Fit heads on 25, 50, 75 and 100 % of the photos too, and say what more photos are likely to bring.",
        ),
    ] = False,
    report: Annotated[
        bool,
        typer.Option(
            "--report",
            help="Write MODEL.html and MODEL.md with details; this does --cross-validate and --learning-curve too.",
        ),
    ] = False,
    groups: GroupsChoice = Groups[RetrainOptions.groups],
    augment: Annotated[
        int,
        typer.Option(
            help="Train also on this number of augmented copies of each photo: mirrored, cropped, with other light."
        ),
    ] = RetrainOptions.augment,
    final: Annotated[
        bool,
        typer.Option(
            "--final",
            help="In the end, fit the head of the file on all photos, those for validation and test too. All figures "
            "are measured before, with the head that was fitted on the training photos alone.",
        ),
    ] = False,
    remember: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Pack the bottlenecks of N photos of each class into the file, so that another class can be taught "
            "beside them when the photos are gone. They are no photos, but they say what was in them (default: 0).",
        ),
    ] = RetrainOptions.remember,
    keep_classes: Annotated[
        bool,
        typer.Option(
            "--keep-classes",
            help="With --backbone FILE that remembers its classes: they stay, beside those of IMAGE_DIR.",
        ),
    ] = RetrainOptions.keep_classes,
    unknown: UnknownName = UNKNOWN,
    no_unknown: NoUnknown = False,
    background: Background = None,
    as_json: AsJson = False,
) -> None:
    """Retrain on IMAGE_DIR and write one model file that carries labels, accuracy and a self-test."""
    arithmetic = arithmetic_of_new_process()
    chosen = Architecture.parse(architecture)
    if no_unknown and unknown != UNKNOWN:
        raise UsageError("--unknown names the class that --no-unknown leaves out; give one of the two")
    progress = TerminalProgress()
    normalization = normalization_of(backbone, mean, std, input_range)
    given = None
    if backbone is not None:
        source = context.get_parameter_source("architecture")
        if source is not None and source.name != "DEFAULT":
            raise UsageError("--backbone FILE has an architecture; leave out --architecture")
        given = read_given(backbone, normalization, compiled, progress.message)
    default = (given.backbone.quantization,) if given else DEFAULT_QUANTIZATIONS
    quantizations = chosen_quantizations(quantization, default)
    network = given.backbone.architecture if given else chosen
    untuned = fine_tune is None and not (given and given.backbone.tuned)
    options = RetrainOptions(
        folder=as_place(image_dir),
        layout=layout.value,
        output=output or default_output(image_dir, network, quantizations),
        bottleneck_dir=bottleneck_dir or default_bottleneck_dir(),
        architecture=chosen,
        quantizations=quantizations,
        weights=weights,
        converter=converter.value,
        ratios=SplitRatios(validation_percentage, testing_percentage, seed),
        training_steps=training_steps,
        summaries_dir=summaries_dir,
        class_weights=class_weights.value,
        precision=precision,
        cross_validate=cross_validation or (report and untuned),
        learning_curve=learning_curve or (report and untuned),
        groups=groups.value,
        augment=augment,
        final=final,
        remember=remember,
        keep_classes=keep_classes,
        backbone=backbone,
        compiled=compiled,
        unknown=None if no_unknown else composed(unknown),
        background=background,
        fine_tune=_recipe(chosen, fine_tune, fine_tune_from, seed),
    )
    if options.ratios.doubt:
        progress.message(options.ratios.doubt)
    if report:
        _check_reports(options.outputs)
    report_slow(quantizations, progress, changeable=given is None)
    with connected(ray, progress) as workers:
        models = retrain_all(options, progress, given, workers, arithmetic)
    pages = _write_reports(models, progress) if report else []
    name_skipped(models[0].dataset.skipped, progress)
    speed = time_retrained(models, progress)
    if as_json:
        dataset = models[0].dataset
        found = [[photo.relative for photo in group] for group in dataset.groups()]
        skipped = [entry._asdict() for entry in dataset.skipped]
        figures = {"models": [model_json(model) for model in models], "speed": speed_json(speed)}
        print(json.dumps({**figures, "groups": found, "skipped": skipped}))
    else:
        print_models(models)
        if speed is not None:
            print(printable(speed_line(speed, models)))
        for page in pages:
            print(page)


def _check_reports(outputs: list[Path]) -> None:
    from trainer.report.write import check_report, report_paths  # not without --report: it takes time to load

    for path in outputs:
        check_report(report_paths(path))


def _write_reports(models: list[Retrained], progress: Progress) -> list[Path]:
    from trainer.report.content import training_content
    from trainer.report.write import report_paths, write_report

    pages = []
    with progress.stage("report", len(models)) as advance:
        for model in models:
            paths = report_paths(model.path)
            write_report(training_content(model, [other for other in models if other is not model]), paths)
            pages.append(paths[0])
            advance(1)
    return pages


def _recipe(architecture: Architecture, epochs: int | None, from_block: int | None, seed: int) -> Recipe | None:
    if epochs is not None:
        from_block = DEFAULT_FROM_BLOCK if from_block is None else from_block
        return Recipe.of(architecture, epochs, from_block, seed)
    if from_block is not None:
        raise UsageError("--fine-tune-from needs --fine-tune EPOCHS")
    return None
