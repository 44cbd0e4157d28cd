"""What models say of other things than their classes: photos of them, drawings, and kinds never shown."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import CacheDir, ImageDir, ResultsDir, Seeds, told
from benchmarks.results import FOLDER, save_results
from trainer.backbones.architectures import Architecture
from trainer.cache_folder import default_bottleneck_dir
from trainer.photos.strange_photos import list_strangers
from trainer.retraining.retrain_all import retrain_all
from trainer.terminal.progress_bars import TerminalProgress

app = typer.Typer()
Strangers = Annotated[Path, typer.Option(help="A folder of pictures of other things; half of them may teach.")]


@app.command(epilog="Example: python -m benchmarks unknown flower_photos --seeds 5")
def unknown(
    image_dir: ImageDir,
    architecture: Annotated[
        list[str] | None,
        typer.Option(help="An architecture; may be repeated (default: mobilenet_0.25_224 and mobilenet_1.0_224)."),
    ] = None,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Hold out each class in turn: does the gate find its photos better than the best score does?"""
    from benchmarks.accuracy.unknown import measure, summary

    chosen = [Architecture.parse(name) for name in architecture or ["mobilenet_0.25_224", "mobilenet_1.0_224"]]
    rows = measure(
        image_dir, chosen, list(range(seeds)), bottleneck_dir or default_bottleneck_dir(), TerminalProgress("")
    )
    print("\n".join(summary(rows)))
    command = f"python -m benchmarks unknown PHOTOS{told(architecture)} --seeds {seeds}"
    print(save_results("unknown", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks strangers flower_photos --strangers other_things --seeds 5")
def strangers(
    image_dir: ImageDir,
    strangers: Strangers,
    architecture: Annotated[
        list[str] | None,
        typer.Option(
            help="An architecture; may be repeated (default: mobilenet_0.25_160, mobilenet_0.50_192, mobilenet_1.0_224 "
            "and mobilenet_v2_0.35_224)."
        ),
    ] = None,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Count the pictures of other things that are taken for a class where 95 % of the known test photos are."""
    from benchmarks.accuracy.strangers import DEFAULTS, measure, summary

    chosen = [Architecture.parse(name) for name in architecture or DEFAULTS]
    cache = bottleneck_dir or default_bottleneck_dir()
    rows = measure(image_dir, strangers, chosen, list(range(seeds)), cache, TerminalProgress(""))
    print("\n".join(summary(rows)))
    options = told(architecture)
    command = f"python -m benchmarks strangers PHOTOS --strangers STRANGERS{options} --seeds {seeds}"
    print(save_results("strangers", command, rows, results_dir))


@app.command("imagenet-classes", epilog="Example: python -m benchmarks imagenet-classes other_things --seeds 20")
def imagenet_classes(
    photos: Annotated[Path, typer.Argument(help="A folder of photos that are named after ImageNet's classes.")],
    architecture: Annotated[
        list[str] | None,
        typer.Option(
            help="An architecture; may be repeated (default: mobilenet_0.25_160, mobilenet_0.50_192 and "
            "mobilenet_1.0_224)."
        ),
    ] = None,
    seeds: Seeds = 1,
    first_seed: Annotated[int, typer.Option(help="The number of the first split.")] = 0,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Count what the class for the rest of the world costs where the classes are ImageNet's own: cats, dogs, birds."""
    from benchmarks.accuracy.imagenet_classes import DEFAULTS, measure, summary

    chosen = [Architecture.parse(name) for name in architecture or DEFAULTS]
    cache, splits = bottleneck_dir or default_bottleneck_dir(), list(range(first_seed, first_seed + seeds))
    rows = measure(photos, chosen, splits, cache, TerminalProgress(""))
    print("\n".join(summary(rows)))
    command = f"python -m benchmarks imagenet-classes STRANGERS{told(architecture)} --seeds {seeds}"
    command += f" --first-seed {first_seed}" if first_seed else ""
    print(save_results("imagenet-classes", command, rows, results_dir))


@app.command("stranger-files", epilog="Example: python -m benchmarks stranger-files flower_photos --strangers things")
def stranger_files(
    image_dir: ImageDir,
    strangers: Strangers,
    architecture: Annotated[
        list[str] | None,
        typer.Option(help="An architecture; may be repeated (default: six, the smallest and the largest among them)."),
    ] = None,
    fine_tune: Annotated[
        int, typer.Option(help="Epochs of fine-tuning, as in trainer retrain --fine-tune; 0: the head only.")
    ] = 0,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Ask int8 files without and with the class for the rest of the world about strangers, on each interpreter."""
    from benchmarks.accuracy.stranger_files import DEFAULTS, measure, summary

    chosen = [Architecture.parse(name) for name in architecture or DEFAULTS]
    cache = bottleneck_dir or default_bottleneck_dir()
    rows = measure(image_dir, strangers, chosen, list(range(seeds)), fine_tune, cache, TerminalProgress(""))
    print("\n".join(summary(rows)))
    options = told(architecture)
    options += f" --fine-tune {fine_tune}" if fine_tune else ""
    command = f"python -m benchmarks stranger-files PHOTOS --strangers STRANGERS{options} --seeds {seeds}"
    print(save_results("stranger-files" + "-fine-tuned" * bool(fine_tune), command, rows, results_dir))


@app.command(
    "stranger-readers", epilog="Example: python -m benchmarks stranger-readers flower_photos --strangers things"
)
def stranger_readers(
    image_dir: ImageDir,
    strangers: Strangers,
    architecture: Annotated[
        list[str] | None,
        typer.Option(
            help="An architecture; may be repeated (default: mobilenet_0.25_160, mobilenet_0.50_192 and "
            "mobilenet_1.0_224)."
        ),
    ] = None,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Ask MediaPipe Tasks and a bare interpreter about strangers, with files without and with the class for them."""
    from benchmarks.accuracy.splits import retrain_options
    from benchmarks.accuracy.stranger_files import ways
    from benchmarks.accuracy.strangers import halves
    from benchmarks.speed.peer_answers import answers

    progress, rows = TerminalProgress(""), []
    found = list_strangers(strangers, image_dir, lambda sha256: None, progress)
    teaching, judging = ([found.paths[place] for place in half] for half in halves(len(found.paths)))
    for name in architecture or ["mobilenet_0.25_160", "mobilenet_0.50_192", "mobilenet_1.0_224"]:
        with tempfile.TemporaryDirectory() as scratch:
            cache = bottleneck_dir or default_bottleneck_dir()
            options = retrain_options(image_dir, scratch, cache, Architecture.parse(name), 0, ("int8",))
            models, known = {}, []
            for number, (way, chosen) in enumerate(ways(options, teaching, Path(scratch))):
                output = Path(scratch) / f"{name}-{number}.tflite"
                [model] = retrain_all(replace(chosen, output=output), progress)
                models[f"{name} {way}"] = model.path
                known = [(photo.path, photo.label) for photo, _ in model.evaluation.classified()]
            rows += answers(models, known, judging, progress)
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items()))
    command = f"python -m benchmarks stranger-readers PHOTOS --strangers STRANGERS{told(architecture)}"
    print(save_results("stranger-readers", command, rows, results_dir))
