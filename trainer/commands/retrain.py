"""``trainer retrain``: the main job."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.errors import UsageError
from trainer.backbones.architectures import DEFAULT_ARCHITECTURE, Architecture
from trainer.cache_folder import default_bottleneck_dir
from trainer.commands.options import (
    ArchitectureName,
    AsJson,
    BottleneckDir,
    ImageDir,
    Quantizations,
    WeightsChoice,
    chosen_quantizations,
)
from trainer.commands.skipped_files import name_skipped
from trainer.evaluation.interval import wilson_interval
from trainer.fine_tuning.recipe import DEFAULT_FROM_BLOCK, Recipe
from trainer.head.cross_validation import CrossValidation
from trainer.head.fit import DEFAULT_STEPS
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.report.content import training_content
from trainer.report.write import check_report, report_paths, write_report
from trainer.retraining.options import (
    CLASS_WEIGHTS,
    DEFAULT_PRECISION,
    NO_CLASS_WEIGHTS,
    RetrainOptions,
    default_output,
)
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained
from trainer.retraining.tuned_or_pretrained import FineTuningResult, ValidationScore
from trainer.terminal.progress_bars import TerminalProgress
from trainer.terminal.tables import print_table

_RATIOS = SplitRatios()
_FEW_PHOTOS = 200  # with fewer the test set is so small that cross-validation is worth its time

ClassWeights = Enum("ClassWeights", {name: name for name in CLASS_WEIGHTS}, type=str)  # type: ignore[misc]


def retrain_command(
    image_dir: ImageDir,
    architecture: ArchitectureName = DEFAULT_ARCHITECTURE.name,
    output: Annotated[Path | None, typer.Option(help="The model file (default: in the folder models).")] = None,
    quantization: Quantizations = None,
    weights: WeightsChoice = None,
    bottleneck_dir: BottleneckDir = None,
    fine_tune: Annotated[
        int | None,
        typer.Option(help="The largest number of epochs in which the backbone is trained too (default: it is not)."),
    ] = None,
    fine_tune_from: Annotated[
        int | None,
        typer.Option(help="The first of MobileNet's 13 blocks that --fine-tune trains; 0 trains all (default: 0)."),
    ] = None,
    summaries_dir: Annotated[Path | None, typer.Option(help="A folder for TensorBoard summaries.")] = None,
    training_steps: Annotated[int, typer.Option(help="The largest number of L-BFGS iterations.")] = DEFAULT_STEPS,
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
            "--cross-validate", help=f"Evaluate on every photo too; useful with fewer than {_FEW_PHOTOS} photos."
        ),
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Write MODEL.html and MODEL.md with details; this cross-validates too.")
    ] = False,
    augment: Annotated[
        int,
        typer.Option(
            help="Train also on this number of augmented copies of each photo: mirrored, cropped, with other light."
        ),
    ] = RetrainOptions.augment,
    as_json: AsJson = False,
) -> None:
    """Retrain on IMAGE_DIR and write one model file that carries labels, accuracy and a self-test."""
    chosen = Architecture.parse(architecture)
    quantizations = chosen_quantizations(quantization)
    options = RetrainOptions(
        folder=image_dir,
        output=output or default_output(image_dir, chosen, quantizations),
        bottleneck_dir=bottleneck_dir or default_bottleneck_dir(),
        architecture=chosen,
        quantizations=quantizations,
        weights=weights,
        ratios=SplitRatios(validation_percentage, testing_percentage, seed),
        training_steps=training_steps,
        summaries_dir=summaries_dir,
        class_weights=class_weights.value,
        precision=precision,
        cross_validate=cross_validation or (report and fine_tune is None),
        augment=augment,
        fine_tune=_recipe(chosen, fine_tune, fine_tune_from, seed),
    )
    progress = TerminalProgress()
    if report:
        for path in options.outputs:
            check_report(report_paths(path))
    models = retrain_all(options, progress)
    pages = _write_reports(models, progress) if report else []
    name_skipped(models[0].dataset.skipped, progress)
    if as_json:
        skipped = [entry._asdict() for entry in models[0].dataset.skipped]
        print(json.dumps({"models": [_as_json(model) for model in models], "skipped": skipped}))
    else:
        _print_models(models)
        for page in pages:
            print(page)


def _write_reports(models: list[Retrained], progress: Progress) -> list[Path]:
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


def _as_json(model: Retrained) -> dict[str, Any]:
    counts = model.dataset.counts()
    return {
        "path": str(model.path),
        "architecture": model.backbone.architecture.name,
        "quantization": model.backbone.quantization,
        "weights": model.backbone.weights.origin,
        "labels": list(model.dataset.labels),
        "photos": counts,
        "used": len(model.dataset.photos),
        "skipped": len(model.dataset.skipped),
        "test_accuracy": round(model.evaluation.accuracy, 6),
        "test_photos": model.evaluation.count,
        "test_accuracy_interval": [round(end, 6) for end in model.interval],
        "cross_validation": model.cross_validation and _counts(model.cross_validation),
        "temperature": round(model.calibration.temperature, 6),
        "calibration_error_before": round(model.error_before, 6),
        "calibration_error": round(model.error_after, 6),
        "score_threshold": model.calibration.score_threshold and round(model.calibration.score_threshold, 6),
        "promised_accuracy": round(model.promised_accuracy, 6),
        "validation_accuracy": round(model.fit.steps[-1].validation_accuracy, 6),
        "training_steps": len(model.fit.steps) - 1,
        "l2": model.fit.l2,
        "computed_bottlenecks": model.computed_bottlenecks,
        "size_bytes": model.size_bytes,
        "fine_tuning": _fine_tuning_json(model.fine_tuning),
    }


def _fine_tuning_json(tuning: FineTuningResult | None) -> dict[str, Any] | None:
    if tuning is None:
        return None
    return {
        "from_block": tuning.tuned.recipe.from_block,
        "best_epoch": tuning.best_epoch,
        "before": _score_json(tuning.before),
        "after": _score_json(tuning.after),
        "epochs": [epoch._asdict() for epoch in tuning.tuned.epochs],
    }


def _score_json(score: ValidationScore) -> dict[str, float]:
    return {
        "validation_accuracy": round(score.accuracy, 6),
        "validation_cross_entropy": round(score.cross_entropy, 6),
    }


def _counts(validated: CrossValidation) -> dict[str, int]:
    return {"right": validated.right, "photos": validated.photos, "folds": validated.folds}


def _print_models(models: list[Retrained]) -> None:
    rows = [
        [
            model.backbone.quantization,
            len(model.dataset.labels),
            len(model.dataset.photos),
            len(model.dataset.skipped),
            f"{100 * model.evaluation.accuracy:.1f} % of {model.evaluation.count}",
            f"{model.size_bytes / 1e6:.2f} MB",
        ]
        for model in models
    ]
    first = models[0].backbone
    print(f"{first.architecture.name}, weights: {first.weights.origin}")
    if models[0].fine_tuning:
        print(_tuning_line(models[0].fine_tuning))
    print_table(["quantization", "classes", "used", "skipped", "test accuracy", "size"], rows)
    for model in models:
        for line in _figures(model):
            print(line)
        print(model.path)


def _figures(model: Retrained) -> list[str]:
    low, high = model.interval
    lines = [f"the test accuracy lies between {low:.1%} and {high:.1%} with 95% confidence"]
    validated = model.cross_validation
    if validated is None and len(model.dataset.photos) < _FEW_PHOTOS:
        lines[0] += f": {model.evaluation.count} test photos are few, --cross-validate evaluates all photos"
    if validated is not None:
        low, high = wilson_interval(validated.right, validated.photos)
        share = validated.right / validated.photos
        lines.append(f"cross-validated on all {validated.photos} photos: {share:.1%}, between {low:.1%} and {high:.1%}")
    threshold = model.calibration.score_threshold
    if threshold:
        lines.append(
            f"recommended threshold {threshold:.2f}: at least {model.calibration.precision:.0%} of the "
            "validation photos with a higher score were labelled correctly"
        )
    return [line.replace("%", " %") for line in lines]


def _tuning_line(tuning: FineTuningResult) -> str:
    tuned, before, after = tuning.tuned, tuning.before, tuning.after
    kept = f"best after {tuning.best_epoch}" if tuning.helped else "the pretrained weights are kept"
    return (
        f"fine-tuned from block {tuned.recipe.from_block}, {len(tuned.epochs) - 1} of {tuned.recipe.epochs} epochs, "
        f"{kept}: validation accuracy {100 * before.accuracy:.1f} % -> {100 * after.accuracy:.1f} %, "
        f"cross entropy {before.cross_entropy:.3f} -> {after.cross_entropy:.3f}"
    )
