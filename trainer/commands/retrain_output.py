"""What ``trainer retrain`` prints about its models: as JSON, or as a table and sentences."""

from __future__ import annotations

import math
from typing import Any

from edge.printable import printable
from edge.sources.files import UNNAMED
from trainer.commands.evaluated_output import background_json, unknown_lines
from trainer.commands.other_things_output import other_things_json, other_things_line
from trainer.evaluation.interval import wilson_interval
from trainer.evaluation.shared_classes import some_names
from trainer.head.cross_validation import CrossValidation
from trainer.head.learning_curve import LearningCurve
from trainer.head.learning_curve_text import curve_sentences, points_line
from trainer.photos.split import TEST, TRAINING
from trainer.retraining.retrained import Retrained, shortfall_line
from trainer.retraining.tuned_or_pretrained import FineTuningResult, ValidationScore
from trainer.terminal.tables import print_table

FEW_PHOTOS = 200
"""With fewer independent photos the test set is so small that cross-validation is worth its time."""


def model_json(model: Retrained) -> dict[str, Any]:
    """The figures of ``model`` as ``trainer retrain --json`` prints them; shares have 6 digits."""
    counts = model.dataset.counts()
    validated = model.cross_validation
    return {
        "path": str(model.path),
        "compiled": model.compiled and str(model.compiled),
        "architecture": model.backbone.architecture.name,
        "quantization": model.backbone.quantization,
        "weights": model.backbone.weights.origin,
        "labels": list(model.dataset.labels),
        "photos": counts,
        "used": len(model.dataset.photos),
        "independent": model.dataset.independent,
        "skipped": len(model.dataset.skipped),
        "test_accuracy": None if model.accuracy is None else round(model.accuracy, 6),
        "test_photos": model.evaluation.count,
        "test_independent": model.evaluation.independent,
        "test_accuracy_interval": model.interval and [round(end, 6) for end in model.interval],
        "classes_without_figure": model.dataset.without_evidence,
        "cross_validation": _counts(validated) if validated and model.dataset.has_evidence else None,
        "learning_curve": model.learning_curve and _curve_json(model.learning_curve, model.dataset.labels),
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
        "final": model.final,
        "unknown": model.unknown and _unknown_json(model),
        "other_things": model.other_things and other_things_json(model.other_things),
    }


def _unknown_json(model: Retrained) -> dict[str, Any]:
    """What taught the class for the rest of the world, and how the test photos and those held back are answered."""
    assert model.unknown is not None
    return {
        **model.unknown._asdict(),
        "test_photos_answered_so": model.evaluation.answered_unknown,
        "background": background_json(model.evaluation.background),
    }


def _curve_json(curve: LearningCurve, labels: tuple[str, ...]) -> dict[str, Any]:
    points = [
        {
            "share": point.share,
            "photos_per_class": round(point.photos_per_class, 6),
            "accuracy": round(point.accuracy, 6),
            "accuracy_interval": [round(end, 6) for end in wilson_interval(point.right, point.independent)],
        }
        for point in curve.points
    ]
    recalls = {
        label: None if math.isnan(row[0]) else [round(float(recall), 6) for recall in row]
        for label, row in zip(labels, curve.recalls, strict=True)
    }
    gain = {name: round(value, 6) for name, value in curve.gain._asdict().items()}
    weak = [labels[label] for label in curve.weak]
    return {"points": points, "gain_of_twice_the_photos": gain, "recalls": recalls, "weak_classes": weak}


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


def _counts(validated: CrossValidation) -> dict[str, float]:
    return {
        "right": round(validated.right, 6),
        "independent": validated.independent,
        "photos": validated.photos,
        "folds": validated.folds,
    }


def print_models(models: list[Retrained]) -> None:
    """Print a table of ``models``, a line for each figure that needs a sentence, and the paths, on stdout."""
    rows = [
        [
            model.backbone.quantization,
            len(model.dataset.labels),
            len(model.dataset.photos),
            model.dataset.independent,
            sum(entry.reason not in UNNAMED for entry in model.dataset.skipped),
            _accuracy(model),
            f"{model.size_bytes / 1e6:.2f} MB",
        ]
        for model in models
    ]
    first = models[0].backbone
    print(f"{first.architecture.name}, weights: {first.weights.origin}")
    if models[0].fine_tuning:
        print(_tuning_line(models[0].fine_tuning))
    print_table(["quantization", "classes", "photos", "independent", "skipped", "test accuracy", "size"], rows)
    for model in models:
        for line in _figures(model):
            print(printable(line))
        print(model.path)
        if model.compiled is not None:
            print(f"{model.compiled}: the same head for an Edge TPU; not run here, so no figure above is of this file")


def _accuracy(model: Retrained) -> str:
    if model.accuracy is None:
        return "not enough to say"
    evaluation = model.evaluation
    photos = "" if evaluation.independent == evaluation.count else f" ({evaluation.count} photos)"
    return f"{100 * model.accuracy:.1f} % of {evaluation.independent}{photos}"


def _figures(model: Retrained) -> list[str]:
    dataset, threshold = model.dataset, model.calibration.score_threshold
    lines = _accuracy_lines(model)
    left_out = dataset.without_evidence
    if left_out:
        lines.append(
            f"too few independent photos to say how good the model is for {some_names(left_out)}: add "
            "photos of other scenes, at least 3 a class; --groups off counts every photo as independent"
        )
    if threshold:
        lines.append(
            f"recommended threshold {threshold:.2f}: at least {model.calibration.precision:.0%} of the "
            "validation photos with a higher score were labelled correctly"
        )
    if model.final:
        lines.append(_final_line(model))
    if model.unknown is not None:
        lines += unknown_lines(model.evaluation, TEST)
    if model.other_things is not None:
        lines.append(other_things_line(model.other_things))
    backbone, promised = model.backbone, model.promised_accuracy
    lost = shortfall_line(backbone.quantization, model.evaluation.accuracy, promised, own=backbone.foreign is None)
    if lost:
        lines.append(lost)
    lines = [line.replace("%", " %") for line in lines]
    if model.learning_curve is not None:
        lines += [points_line(model.learning_curve), *curve_sentences(model.learning_curve, dataset.labels)]
    return lines


def _accuracy_lines(model: Retrained) -> list[str]:
    if model.interval is None:
        return []
    low, high = model.interval
    lines = [f"the test accuracy lies between {low:.1%} and {high:.1%} with 95% confidence"]
    validated, dataset = model.cross_validation, model.dataset
    if validated is None and dataset.independent < FEW_PHOTOS:
        lines[0] += f": {model.evaluation.independent} test photos are few, --cross-validate evaluates all photos"
    if validated is not None:
        low, high = wilson_interval(validated.right, validated.independent)
        photos = f"all {validated.photos} photos"
        if validated.independent < validated.photos:
            photos = f"{validated.photos} photos ({validated.independent} independent)"
        lines.append(f"cross-validated on {photos}: {validated.accuracy:.1%}, between {low:.1%} and {high:.1%}")
    return lines


def _final_line(model: Retrained) -> str:
    photos, training = len(model.dataset.photos), len(model.dataset.of(TRAINING))
    figures = "all figures are" if model.dataset.has_evidence else "what was chosen is that"
    return (
        f"the file was fitted on all {photos:,} photos; {figures} of its twin, which was fitted on the {training:,} "
        "training photos alone"
    )


def _tuning_line(tuning: FineTuningResult) -> str:
    tuned, before, after = tuning.tuned, tuning.before, tuning.after
    kept = f"best after {tuning.best_epoch}" if tuning.helped else "the pretrained weights are kept"
    return (
        f"fine-tuned from block {tuned.recipe.from_block}, {len(tuned.epochs) - 1} of {tuned.recipe.epochs} epochs, "
        f"{kept}: validation accuracy {100 * before.accuracy:.1f} % -> {100 * after.accuracy:.1f} %, "
        f"cross entropy {before.cross_entropy:.3f} -> {after.cross_entropy:.3f}"
    )
