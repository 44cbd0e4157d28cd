"""How good the answers are: accuracy, honest scores, strangers, label errors."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.commands.options import Architectures, CacheDir, ImageDir, OneArchitecture, ResultsDir, Seeds, points
from benchmarks.results import FOLDER, save_results
from trainer.backbones.architectures import Architecture
from trainer.cli import default_bottleneck_dir
from trainer.fine_tuning.recipe import DEFAULT_FROM_BLOCK, Recipe
from trainer.terminal.progress import TerminalProgress

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks accuracy flower_photos --seeds 5")
def accuracy(
    image_dir: ImageDir,
    architecture: Architectures = None,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare float head, whole-model int8 conversion and ours on the same 30 % test split."""
    from benchmarks.accuracy.conversions import compare

    chosen = points(architecture)
    rows = compare(
        image_dir, chosen, list(range(seeds)), bottleneck_dir or default_bottleneck_dir(), TerminalProgress("")
    )
    print(save_results("accuracy", f"python -m benchmarks accuracy PHOTOS --seeds {seeds}", rows, results_dir))


@app.command(epilog="Example: python -m benchmarks calibration flower_photos --seeds 5")
def calibration(
    image_dir: ImageDir,
    architecture: Architectures = None,
    seeds: Seeds = 5,
    fine_tune: Annotated[int, typer.Option(help="As trainer retrain --fine-tune; 0: the head only.")] = 0,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Measure how honest the scores are, and what the recommended threshold is worth, on 30 % test splits."""
    from benchmarks.accuracy.calibration import measure

    chosen = points(architecture)
    rows = measure(
        image_dir,
        chosen,
        list(range(seeds)),
        fine_tune,
        bottleneck_dir or default_bottleneck_dir(),
        TerminalProgress(""),
    )
    name, command = "calibration", f"python -m benchmarks calibration PHOTOS --seeds {seeds}"
    if fine_tune:
        options = "".join(f" --architecture {point.name}" for point in chosen)
        name, command = "calibration-fine-tuned", f"{command}{options} --fine-tune {fine_tune}"
    print(save_results(name, command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks augment flower_photos --seeds 5")
def augment(
    image_dir: ImageDir,
    architecture: Architectures = None,
    seeds: Seeds = 1,
    variants: Annotated[int, typer.Option(help="How many variants of each training photo.")] = 4,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare heads on the photos alone and on variants of them too, int8 and float32, 30 % test split."""
    from benchmarks.accuracy.augment import compare, summary

    chosen, cache = points(architecture), bottleneck_dir or default_bottleneck_dir()
    rows = compare(image_dir, chosen, list(range(seeds)), variants, cache, TerminalProgress(""))
    print("\n".join(summary(rows)))
    command = f"python -m benchmarks augment PHOTOS --seeds {seeds} --variants {variants}"
    print(save_results("augment", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks unknown flower_photos --seeds 5")
def unknown(
    image_dir: ImageDir,
    architecture: Annotated[list[str] | None, typer.Option(help="Default: 0.25_224 and 1.0_224.")] = None,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Leave each class out in turn: is it told from the others better by the gate than by the best score?"""
    from benchmarks.accuracy.unknown import measure, summary

    chosen = [Architecture.parse(name) for name in architecture or ["mobilenet_0.25_224", "mobilenet_1.0_224"]]
    rows = measure(
        image_dir, chosen, list(range(seeds)), bottleneck_dir or default_bottleneck_dir(), TerminalProgress("")
    )
    print("\n".join(summary(rows)))
    print(save_results("unknown", f"python -m benchmarks unknown PHOTOS --seeds {seeds}", rows, results_dir))


@app.command("fine-tune", epilog="Example: python -m benchmarks fine-tune flower_photos --seeds 5")
def fine_tune(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_0.25_224",
    seeds: Seeds = 1,
    epochs: Annotated[int, typer.Option(help="As trainer retrain --fine-tune.")] = 40,
    from_block: Annotated[int, typer.Option(help="As trainer retrain --fine-tune-from.")] = DEFAULT_FROM_BLOCK,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare head only with fine-tuned, as int8 and float32 files, on the same 30 % test splits."""
    from benchmarks.accuracy.fine_tuning import compare

    point, cache = Architecture.parse(architecture), bottleneck_dir or default_bottleneck_dir()
    recipe = Recipe.of(point, epochs, from_block).check()
    rows = compare(image_dir, point, recipe, list(range(seeds)), cache, TerminalProgress(""))
    command = f"python -m benchmarks fine-tune PHOTOS --architecture {architecture} --seeds {seeds}"
    command += f" --epochs {epochs} --from-block {from_block}"
    print(save_results(f"fine-tune-{architecture}", command, rows, results_dir))


@app.command("label-errors", epilog="Example: python -m benchmarks label-errors flower_photos --seeds 3")
def label_errors(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_0.25_224",
    share: Annotated[float, typer.Option(help="Share of the labels that are flipped.")] = 0.2,
    seeds: Annotated[int, typer.Option(help="How often, each time others.")] = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Flip labels at random and count how many of the report's first suspects are flipped ones."""
    from benchmarks.accuracy.label_errors import measure

    point = Architecture.parse(architecture)
    rows = measure(image_dir, point, share, seeds, bottleneck_dir or default_bottleneck_dir(), TerminalProgress(""))
    command = f"python -m benchmarks label-errors PHOTOS --share {share:g} --seeds {seeds}"
    print(save_results("label-errors", command, rows, results_dir))
