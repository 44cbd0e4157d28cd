"""``python -m benchmarks``: every measurement that the README and the docs quote, one command each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.results import FOLDER, save_results
from edge import exits
from trainer.architectures import Architecture, grid
from trainer.cli import default_cache
from trainer.progress import Stages
from trainer.weights import keras_cache_file

app = typer.Typer(
    help="Measure the trainer and the edge package.", no_args_is_help=True, pretty_exceptions_enable=False
)

ImageDir = Annotated[Path, typer.Argument(help="A folder that has one folder of photos for each class.")]
ResultsDir = Annotated[Path, typer.Option(help="Where the result file goes.")]
CacheDir = Annotated[Path | None, typer.Option(help="The bottleneck cache (default: the trainer's own).")]


@app.command(epilog="Example: python -m benchmarks accuracy flower_photos --seeds 5")
def accuracy(
    image_dir: ImageDir,
    architecture: Annotated[list[str] | None, typer.Option(help="Default: all that Keras has weights for.")] = None,
    seeds: Annotated[int, typer.Option(help="How many splits.")] = 1,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare float head, whole-model int8 conversion and ours on the same 30 % test split."""
    from benchmarks.accuracy import compare

    points = [Architecture.parse(name) for name in architecture or []]
    points = points or [point for point in grid() if keras_cache_file(point).is_file()]
    rows = compare(image_dir, points, list(range(seeds)), bottleneck_dir or default_cache(), Stages())
    print(save_results("accuracy", f"python -m benchmarks accuracy PHOTOS --seeds {seeds}", rows, results_dir))


@app.command(epilog="Example: python -m benchmarks bottlenecks flower_photos --architecture mobilenet_1.0_224")
def bottlenecks(
    image_dir: ImageDir,
    architecture: Annotated[str, typer.Option(help="Which point of the grid.")] = "mobilenet_1.0_224",
    rounds: Annotated[int, typer.Option(help="How often both run, in turn.")] = 3,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare bottlenecks a second with Keras float batches of 32 fed by tf.data."""
    from benchmarks.bottleneck_speed import compare

    row = compare(image_dir, Architecture.parse(architecture), rounds, bottleneck_dir or default_cache(), Stages())
    command = f"python -m benchmarks bottlenecks PHOTOS --architecture {architecture} --rounds {rounds}"
    print(save_results("bottlenecks", command, [row], results_dir))


if __name__ == "__main__":
    sys.exit(exits.run("benchmarks", app))
