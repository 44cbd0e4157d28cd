"""The ``trainer`` command: retrain, look into the cache, judge a model, list the grid."""

from __future__ import annotations

import json
import os
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from edge.modelfile import ModelFile
from trainer.architectures import QUANTIZATIONS, Architecture, grid, published
from trainer.backbone import ensure_backbones
from trainer.bottlenecks import identify
from trainer.dataset import Skipped, assemble, list_photos
from trainer.evaluate import Evaluation, evaluate
from trainer.head import DEFAULT_STEPS
from trainer.progress import Stages
from trainer.retrain import RetrainOptions, Retrained, cached_bottlenecks, dataset_fingerprint, retrain
from trainer.split import SPLITS, SplitRatios
from trainer.weights import weights_at_hand

_MOST_COLUMNS, _PIPE_WIDTH = 12, 400
_MOST_NAMED = 20  # skipped files named one by one on stderr; --json names all

Quantization = Enum("Quantization", {name: name for name in QUANTIZATIONS}, type=str)  # type: ignore[misc]
Split = Enum("Split", {name: name for name in ("all", *SPLITS)}, type=str)  # type: ignore[misc]

app = typer.Typer(
    help="Retrain MobileNet on a folder of photos and export one quantised model file.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def default_cache() -> Path:
    """Where backbones and bottlenecks are kept unless told otherwise: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edge-for-poets"


ImageDir = Annotated[Path, typer.Argument(help="A folder that has one folder of photos for each class.")]
ArchitectureName = Annotated[str, typer.Option("--architecture", help="mobilenet_WIDTH_SIZE; see: trainer architectures")]
BottleneckDir = Annotated[Path | None, typer.Option(help="Where backbones and bottlenecks are kept between runs.")]
WeightsChoice = Annotated[
    str | None, typer.Option("--weights", help="Keras weights file, or 'offline' for those of the offline extra.")
]
Kinds = Annotated[list[Quantization] | None, typer.Option("--quantization", help="Kind of model; may be repeated.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


@app.command("retrain", epilog="Example: trainer retrain flower_photos --architecture mobilenet_0.50_224")
def retrain_command(
    image_dir: ImageDir,
    architecture: ArchitectureName = "mobilenet_1.0_224",
    output: Annotated[Path | None, typer.Option(help="The model file (default: under models/).")] = None,
    quantization: Kinds = None,
    weights: WeightsChoice = None,
    bottleneck_dir: BottleneckDir = None,
    summaries_dir: Annotated[Path | None, typer.Option(help="Write TensorBoard summaries here.")] = None,
    training_steps: Annotated[int, typer.Option(help="L-BFGS iterations at most.")] = DEFAULT_STEPS,
    testing_percentage: Annotated[float, typer.Option(help="Share of photos that only judge.")] = 10,
    validation_percentage: Annotated[float, typer.Option(help="Share of photos that choose.")] = 10,
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Retrain on IMAGE_DIR and write one model file that carries labels, accuracy and a self-test."""
    point = Architecture.parse(architecture)
    kinds = tuple(dict.fromkeys(kind.value for kind in quantization or [])) or ("int8",)
    stem = f"{image_dir.resolve().name or 'model'}-{point.name}"
    options = RetrainOptions(
        image_dir=image_dir,
        output=output or Path("models") / (f"{stem}-{kinds[0]}.tflite" if len(kinds) == 1 else f"{stem}.tflite"),
        cache=bottleneck_dir or default_cache(),
        architecture=point,
        quantizations=kinds,
        weights=weights,
        ratios=SplitRatios(validation_percentage, testing_percentage, seed),
        training_steps=training_steps,
        summaries_dir=summaries_dir,
    )
    stages = Stages()
    models = retrain(options, stages)
    _name_skipped(models[0].dataset.skipped, stages)
    if as_json:
        print(json.dumps({"models": [_facts(model) for model in models], "skipped": _records(models[0])}))
    else:
        _print_models(models)


@app.command("bottlenecks", epilog="Example: trainer bottlenecks flower_photos --architecture mobilenet_0.50_224")
def bottlenecks_command(
    image_dir: ImageDir,
    architecture: ArchitectureName = "mobilenet_1.0_224",
    quantization: Kinds = None,
    weights: WeightsChoice = None,
    bottleneck_dir: BottleneckDir = None,
    as_json: AsJson = False,
) -> None:
    """Fill the bottleneck cache for IMAGE_DIR, so that a later retrain starts at once."""
    stages = Stages()
    cache = bottleneck_dir or default_cache()
    kinds = tuple(dict.fromkeys(kind.value for kind in quantization or [])) or ("int8",)
    listing = list_photos(image_dir)
    with stages.stage("backbone"):
        backbones = ensure_backbones(cache, Architecture.parse(architecture), weights, kinds)
    rows = []
    skipped: list[Skipped] = []
    for backbone in backbones:
        outcome = cached_bottlenecks(backbone, listing, cache, stages)
        dataset = assemble(listing, outcome.identities, outcome.reasons, SplitRatios(), training=False)
        skipped = dataset.skipped
        rows.append(
            {
                "architecture": backbone.architecture.name,
                "quantization": backbone.quantization,
                "photos": len(dataset.photos),
                "computed": outcome.computed,
                "cache": str(cache),
            }
        )
    _name_skipped(skipped, stages)
    if as_json:
        print(json.dumps({"bottlenecks": rows, "skipped": [entry._asdict() for entry in skipped]}))
    else:
        _print_table(list(rows[0]), [list(row.values()) for row in rows])


@app.command("evaluate", epilog="Example: trainer evaluate models/flowers.tflite flower_photos --split test")
def evaluate_command(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    image_dir: ImageDir,
    split: Annotated[Split, typer.Option(help="Which photos judge, split as the model was trained.")] = Split["all"],
    labels: Annotated[Path | None, typer.Option(help="Label file of a model that carries none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let MODEL name the photos in IMAGE_DIR and compare with their folders."""
    stages = Stages()
    loaded = ModelFile.load(model, labels)
    listing = list_photos(image_dir)
    training = loaded.manifest.training if loaded.manifest else {}
    ratios = SplitRatios(
        training.get("validation_percentage", 10), training.get("testing_percentage", 10), training.get("seed", 0)
    )
    identities, reasons = identify(listing)
    dataset = assemble(listing, identities, reasons, ratios, training=False)
    photos = dataset.photos if split.value == "all" else dataset.of(split.value)
    with stages.stage("evaluation", len(photos)) as advance:
        evaluation = evaluate(loaded, photos, advance)
    failed = [
        Skipped(photo.relative, outcome.error)
        for photo, outcome in zip(evaluation.photos, evaluation.outcomes, strict=True)
        if outcome.error
    ]
    _name_skipped([*dataset.skipped, *failed], stages)
    lost = {entry.path for entry in failed}
    judged = dataset._replace(photos=[photo for photo in dataset.photos if photo.relative not in lost])
    if split.value == "all" and training.get("dataset_sha256") == dataset_fingerprint(judged):
        stages.say("trainer: the model was trained on photos of this folder; --split test is the fair judge")
    if as_json:
        print(json.dumps(_evaluation_record(evaluation, split.value, [*dataset.skipped, *failed])))
    else:
        _print_evaluation(evaluation, split.value)


@app.command("architectures", epilog="Example: trainer architectures --json")
def architectures_command(as_json: AsJson = False) -> None:
    """List the 16 points of the grid with what was published about them and where weights are at hand."""
    rows = []
    for point in grid():
        figures = published()[point]
        rows.append(
            {
                "architecture": point.name,
                "million_macs": figures.million_macs,
                "million_parameters": figures.million_parameters,
                "imagenet_top1": figures.top1_float,
                "imagenet_top1_quantized": figures.top1_quantized,
                "weights": weights_at_hand(point) or "download",
            }
        )
    if as_json:
        print(json.dumps(rows))
        return
    heads = ["architecture", "M MACs", "M params", "top-1 %", "top-1 int8 %", "weights"]
    _print_table(heads, [list(row.values()) for row in rows])
    print("MACs, parameters and ImageNet top-1 of the 1001-class originals: tensorflow/models, mobilenet_v1.md")


def _facts(model: Retrained) -> dict[str, Any]:
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
        "promised_accuracy": round(model.promised_accuracy, 6),
        "validation_accuracy": round(model.fit.steps[-1].validation_accuracy, 6),
        "training_steps": len(model.fit.steps) - 1,
        "l2": model.fit.l2,
        "computed_bottlenecks": model.computed_bottlenecks,
        "size_bytes": model.size_bytes,
    }


def _records(model: Retrained) -> list[dict[str, str]]:
    return [entry._asdict() for entry in model.dataset.skipped]


def _evaluation_record(evaluation: Evaluation, split: str, skipped: list[Skipped]) -> dict[str, Any]:
    photos = [
        {
            "path": str(photo.path),
            "class": photo.label,
            "label": outcome.classification.categories[0].label,
            "score": round(outcome.classification.categories[0].score, 6),
        }
        for photo, outcome in zip(evaluation.photos, evaluation.outcomes, strict=True)
        if outcome.classification
    ]
    return {
        "split": split,
        "accuracy": round(evaluation.accuracy, 6),
        "judged": evaluation.count,
        "labels": list(evaluation.labels),
        "confusion": evaluation.confusion.tolist(),
        "photos": photos,
        "skipped": [entry._asdict() for entry in skipped],
    }


def _name_skipped(skipped: list[Skipped], stages: Stages) -> None:
    shown = [entry for entry in skipped if entry.reason != "hidden"]
    for entry in shown[:_MOST_NAMED]:
        stages.say(f"trainer: skipped {entry.path}: {entry.reason}")
    if len(shown) > _MOST_NAMED:
        stages.say(f"trainer: skipped {len(shown) - _MOST_NAMED} more; --json names them all")


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
    _print_table(["kind", "classes", "used", "skipped", "test accuracy", "size"], rows)
    for model in models:
        print(model.path)


def _print_evaluation(evaluation: Evaluation, split: str) -> None:
    if len(evaluation.labels) <= _MOST_COLUMNS:
        rows = [[label, *map(int, row)] for label, row in zip(evaluation.labels, evaluation.confusion, strict=True)]
        _print_table(["class \\ answer", *evaluation.labels], rows)
    print(f"accuracy {100 * evaluation.accuracy:.2f} % of {evaluation.count} photos ({split})")


def _print_table(heads: list[str], rows: list[list[Any]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, head in enumerate(heads):
        table.add_column(head, no_wrap=True, justify="right" if index else "left")
    for row in rows:
        table.add_row(*map(str, row))
    console = Console()
    # A pipe has no width; a table that is cut off at 80 columns there would lose data.
    (console if console.is_terminal else Console(width=_PIPE_WIDTH)).print(table)
