"""What ``trainer retrain`` prints about its models: as JSON, or as a table and sentences."""

from __future__ import annotations

from typing import Any

from trainer.evaluation.interval import wilson_interval
from trainer.head.cross_validation import CrossValidation
from trainer.retraining.retrained import Retrained
from trainer.retraining.tuned_or_pretrained import FineTuningResult, ValidationScore
from trainer.terminal.tables import print_table

FEW_PHOTOS = 200
"""With fewer photos the test set is so small that cross-validation is worth its time."""


def model_json(model: Retrained) -> dict[str, Any]:
    """The figures of ``model`` as ``trainer retrain --json`` prints them; shares have 6 digits."""
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


def print_models(models: list[Retrained]) -> None:
    """Print a table of ``models``, a line for each figure that needs a sentence, and the paths, on stdout."""
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
    if validated is None and len(model.dataset.photos) < FEW_PHOTOS:
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
