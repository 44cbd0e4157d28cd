"""How good the labels are: accuracy, calibrated scores, forecasts, label errors."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.commands.options import (
    Architectures,
    CacheDir,
    ImageDir,
    OneArchitecture,
    ResultsDir,
    Seeds,
    architectures,
    told,
)
from benchmarks.results import FOLDER, save_results
from trainer.backbones.architectures import Architecture
from trainer.cache_folder import default_bottleneck_dir
from trainer.fine_tuning.recipe import DEFAULT_FROM_BLOCK, Recipe
from trainer.terminal.progress_bars import TerminalProgress

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks accuracy flower_photos --seeds 5")
def accuracy(
    image_dir: ImageDir,
    architecture: Architectures = None,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare the accuracy of a float head, of a whole model converted to int8 and of ours, on 30 % of the photos."""
    from benchmarks.accuracy.conversions import compare

    chosen = architectures(architecture)
    rows = compare(
        image_dir, chosen, list(range(seeds)), bottleneck_dir or default_bottleneck_dir(), TerminalProgress("")
    )
    print(save_results("accuracy", f"python -m benchmarks accuracy PHOTOS --seeds {seeds}", rows, results_dir))


@app.command(epilog="Example: python -m benchmarks calibration flower_photos --seeds 5")
def calibration(
    image_dir: ImageDir,
    architecture: Architectures = None,
    seeds: Seeds = 5,
    fine_tune: Annotated[
        int, typer.Option(help="Epochs of fine-tuning, as in trainer retrain --fine-tune; 0: the head only.")
    ] = 0,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Measure how well the scores are calibrated, and what the recommended threshold does, on 30 % of the photos."""
    from benchmarks.accuracy.calibration import measure

    chosen = architectures(architecture)
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
        options = told(chosen)
        name, command = "calibration-fine-tuned", f"{command}{options} --fine-tune {fine_tune}"
    print(save_results(name, command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks augment flower_photos --seeds 5")
def augment(
    image_dir: ImageDir,
    architecture: Architectures = None,
    seeds: Seeds = 1,
    variants: Annotated[int, typer.Option(help="The number of augmented copies of each training photo.")] = 4,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare the accuracy of heads without and with augmented copies, int8 and float32, on 30 % of the photos."""
    from benchmarks.accuracy.augment import compare, summary

    chosen, cache = architectures(architecture), bottleneck_dir or default_bottleneck_dir()
    rows = compare(image_dir, chosen, list(range(seeds)), variants, cache, TerminalProgress(""))
    print("\n".join(summary(rows)))
    command = f"python -m benchmarks augment PHOTOS --seeds {seeds} --variants {variants}"
    print(save_results("augment", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks forecast flower_photos --seeds 10")
def forecast(
    image_dir: ImageDir,
    architecture: Annotated[
        list[str] | None,
        typer.Option(help="An architecture; may be repeated (default: mobilenet_0.25_128 and mobilenet_1.0_224)."),
    ] = None,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare what the learning curve of half of the photos promises with what all photos give."""
    from benchmarks.accuracy.forecast import measure

    chosen = [Architecture.parse(name) for name in architecture or ["mobilenet_0.25_128", "mobilenet_1.0_224"]]
    rows = measure(
        image_dir, chosen, list(range(seeds)), bottleneck_dir or default_bottleneck_dir(), TerminalProgress("")
    )
    print(save_results("forecast", f"python -m benchmarks forecast PHOTOS --seeds {seeds}", rows, results_dir))


@app.command(epilog="Example: python -m benchmarks remember flower_photos --seeds 5")
def remember(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_0.50_224",
    count: Annotated[
        list[int] | None,
        typer.Option(help="Remembered bottlenecks of each class; may be repeated (default: 10, 40 and 160)."),
    ] = None,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Teach each class beside remembered bottlenecks of the others, and compare with training on all photos."""
    from benchmarks.accuracy.remember import measure

    chosen, counts = Architecture.parse(architecture), count or [10, 40, 160]
    cache = bottleneck_dir or default_bottleneck_dir()
    rows = measure(image_dir, chosen, counts, list(range(seeds)), cache, TerminalProgress(""))
    command = f"python -m benchmarks remember PHOTOS --architecture {architecture} --seeds {seeds}"
    print(save_results(f"remember-{architecture}", command, rows, results_dir))


@app.command("few-photos", epilog="Example: python -m benchmarks few-photos flower_photos")
def few_photos(
    image_dir: ImageDir,
    architecture: Annotated[
        list[str] | None,
        typer.Option(help="An architecture; may be repeated (default: the widths 0.25, 0.50 and 1.0 of size 224)."),
    ] = None,
    count: Annotated[
        list[int] | None, typer.Option(help="Photos of each class; may be repeated (default: 1, 5, 10, 20 and 50).")
    ] = None,
    draws: Annotated[int, typer.Option(help="How often photos are drawn.")] = 10,
    first_draw: Annotated[int, typer.Option(help="The number of the first draw; other numbers draw other photos.")] = 0,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare the head of a teaching session with ridge regression and the nearest prototype after a few photos."""
    from benchmarks.accuracy.few_photos import measure

    names = architecture or [f"mobilenet_{width}_224" for width in ("0.25", "0.50", "1.0")]
    chosen, numbers = [Architecture.parse(name) for name in names], list(range(first_draw, first_draw + draws))
    cache = bottleneck_dir or default_bottleneck_dir()
    rows = measure(image_dir, chosen, count or [1, 5, 10, 20, 50], numbers, cache, TerminalProgress(""))
    command = f"python -m benchmarks few-photos PHOTOS --draws {draws}"
    command += f" --first-draw {first_draw}" if first_draw else ""
    print(save_results("few-photos", command, rows, results_dir))


@app.command("fine-tune", epilog="Example: python -m benchmarks fine-tune flower_photos --seeds 5")
def fine_tune(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_0.25_224",
    seeds: Seeds = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of fine-tuning, as in trainer retrain --fine-tune.")] = 40,
    from_block: Annotated[
        int, typer.Option(help="The first block that is trained, as in trainer retrain --fine-tune-from.")
    ] = DEFAULT_FROM_BLOCK,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare the accuracy of head only and fine-tuned files, int8 and float32, on 30 % of the photos."""
    from benchmarks.accuracy.fine_tuning import compare

    chosen, cache = Architecture.parse(architecture), bottleneck_dir or default_bottleneck_dir()
    recipe = Recipe.of(chosen, epochs, from_block).check()
    rows = compare(image_dir, chosen, recipe, list(range(seeds)), cache, TerminalProgress(""))
    command = f"python -m benchmarks fine-tune PHOTOS --architecture {architecture} --seeds {seeds}"
    command += f" --epochs {epochs} --from-block {from_block}"
    print(save_results(f"fine-tune-{architecture}", command, rows, results_dir))


@app.command("label-errors", epilog="Example: python -m benchmarks label-errors flower_photos --seeds 3")
def label_errors(
    image_dir: ImageDir,
    architecture: OneArchitecture = "mobilenet_0.25_224",
    share: Annotated[float, typer.Option(help="The share of labels that are changed, 0 to 1.")] = 0.2,
    seeds: Annotated[int, typer.Option(help="The number of runs; each changes other labels.")] = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Change labels at random and count how many of them are first in the report's list of doubtful labels."""
    from benchmarks.accuracy.label_errors import measure

    chosen = Architecture.parse(architecture)
    rows = measure(image_dir, chosen, share, seeds, bottleneck_dir or default_bottleneck_dir(), TerminalProgress(""))
    command = f"python -m benchmarks label-errors PHOTOS --share {share:g} --seeds {seeds}"
    print(save_results("label-errors", command, rows, results_dir))


@app.command("many-classes", epilog="Example: python -m benchmarks many-classes --classes 100 --classes 600 --seeds 4")
def many_classes(
    architecture: OneArchitecture = "mobilenet_0.25_128",
    classes: Annotated[
        list[int] | None, typer.Option(help="A number of classes; may be repeated (default: 100, 300 and 600).")
    ] = None,
    seeds: Seeds = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare int8 and float32 files of hundreds of drawn classes with their heads in floats, on each interpreter."""
    from benchmarks.accuracy.many_classes import measure, summary

    chosen, cache = Architecture.parse(architecture), bottleneck_dir or default_bottleneck_dir()
    counts = classes or [100, 300, 600]
    rows = measure(chosen, counts, list(range(seeds)), cache, TerminalProgress(""))
    print("\n".join(summary(rows)))
    options = "".join(f" --classes {count}" for count in counts)
    command = f"python -m benchmarks many-classes --architecture {architecture}{options} --seeds {seeds}"
    print(save_results("many-classes", command, rows, results_dir))


@app.command("groups", epilog="Example: python -m benchmarks groups flower_photos --sample 300")
def groups(
    image_dir: ImageDir,
    architecture: Architectures = None,
    sample: Annotated[int, typer.Option(help="The number of photos of which copies are made.")] = 300,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Make altered copies of photos; count how many the trainer finds, and how many other photos it takes for them."""
    from benchmarks.accuracy.groups import measure

    chosen, cache = architectures(architecture), bottleneck_dir or default_bottleneck_dir()
    rows = measure(image_dir, chosen, sample, cache, TerminalProgress(""))
    options = told(chosen)
    print(save_results("groups", f"python -m benchmarks groups PHOTOS{options} --sample {sample}", rows, results_dir))
