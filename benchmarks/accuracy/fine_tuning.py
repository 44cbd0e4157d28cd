"""Fine-tuning: head only against fine-tuned, as int8 and float32 files, over several splits of the same photos."""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.accuracy.splits import retrain_options
from trainer.backbones.architectures import Architecture
from trainer.fine_tuning.recipe import Recipe
from trainer.progress import Progress
from trainer.retraining.retrain_all import retrain_all

ACCURACIES = ("head_float32", "head_int8", "tuned_float32", "tuned_int8")


def compare(
    image_dir: Path, architecture: Architecture, recipe: Recipe, seeds: list[int], cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each split, and a last one with mean and standard deviation over the splits.

    Accuracies (0..1) are those of the files on the same 30 % of the photos. ``tuning_s`` is the whole fine-tuned
    run, from its photos to its two files, without what the head-only run had cached; None where the tuned weights
    were cached. ``peak_memory_bytes`` is that of the largest child process so far.
    """
    rows = [_row(image_dir, architecture, replace(recipe, seed=seed), cache, progress) for seed in seeds]
    return [*rows, {"architecture": architecture.name, "splits": len(seeds), **summarise(rows)}]


def summarise(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation over the splits: of each accuracy, of the gain, and of what quantization costs."""
    columns = {name: [row[name] for row in rows] for name in ACCURACIES}
    columns["gain_int8"] = [row["tuned_int8"] - row["head_int8"] for row in rows]
    columns["quantisation_loss"] = [row["tuned_float32"] - row["tuned_int8"] for row in rows]
    return {
        name: {"mean": round(mean(values), 4), "deviation": round(stdev(values), 4) if len(values) > 1 else 0.0}
        for name, values in columns.items()
    }


def _row(
    image_dir: Path, architecture: Architecture, recipe: Recipe, cache: Path, progress: Progress
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        options = retrain_options(image_dir, scratch, cache, architecture, recipe.seed, ("float32", "int8"))
        heads = retrain_all(options, progress)
        tuned_before = set((cache / "tuned").glob("*.npz"))
        started = time.perf_counter()
        models = retrain_all(replace(options, fine_tune=recipe), progress)
        seconds = time.perf_counter() - started
    tuning = models[0].fine_tuning
    assert tuning is not None
    row = {
        "architecture": architecture.name,
        "seed": recipe.seed,
        "training_photos": len(models[0].dataset.of("training")),
        "test_photos": models[0].evaluation.count,
        **{
            f"{run}_{model.backbone.quantization}": round(model.evaluation.accuracy, 4)
            for run, found in (("head", heads), ("tuned", models))
            for model in found
        },
        "epochs": len(tuning.tuned.epochs) - 1,
        "best_epoch": tuning.best_epoch,
        "tuning_s": round(seconds, 1) if set((cache / "tuned").glob("*.npz")) - tuned_before else None,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
    }
    progress.message(str(row))
    return row
