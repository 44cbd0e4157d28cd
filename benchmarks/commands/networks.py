"""How good networks are: those written directly, those of other projects, and all in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import Architectures, CacheDir, ImageDir, ResultsDir, Seeds, architectures
from benchmarks.results import FOLDER, save_results
from trainer.backbones.architectures import QUANTIZATIONS, Architecture
from trainer.backbones.architectures import architectures as known_architectures
from trainer.backbones.weights import weights_at_hand
from trainer.cache_folder import default_bottleneck_dir
from trainer.terminal.progress_bars import TerminalProgress

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks converters flower_photos --architecture mobilenet_0.25_128")
def converters(
    image_dir: ImageDir,
    architecture: Architectures = None,
    quantization: Annotated[list[str] | None, typer.Option(help="This quantization only; may be repeated.")] = None,
    seeds: Seeds = 5,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare backbones that are written directly with those of TensorFlow's converter: features, heads, seconds."""
    from benchmarks.accuracy.converters import compare

    rows = compare(
        image_dir,
        architectures(architecture),
        quantization or QUANTIZATIONS,
        list(range(seeds)),
        bottleneck_dir or default_bottleneck_dir(),
        TerminalProgress(""),
    )
    command = f"python -m benchmarks converters PHOTOS --seeds {seeds}"
    command += "".join(f" --quantization {name}" for name in quantization or ())
    print(save_results("-".join(["converters", *(quantization or ())]), command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks foreign mobilenet_v2_1.0_224_quant.tflite")
def foreign(
    networks: Annotated[list[Path], typer.Argument(help="Classifiers or embedders of other projects, .tflite.")],
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Compare networks of other projects with the files that are made of them: features, scores, both interpreters."""
    from benchmarks.accuracy.foreign import compare

    rows = compare(networks)
    print(save_results("foreign", "python -m benchmarks foreign FILE...", rows, results_dir))


@app.command(
    "networks", epilog="Example: python -m benchmarks networks flower_photos --architecture mobilenet_v2_0.35_96"
)
def networks(
    image_dir: ImageDir,
    architecture: Architectures = None,
    seeds: Seeds = 5,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Compare networks in one table: accuracy of their heads, what int8 loses, time and size."""
    from benchmarks.accuracy.networks import measure, summary

    named = [Architecture.parse(name) for name in architecture or []]
    chosen = named or [each for each in known_architectures() if weights_at_hand(each)]
    cache = bottleneck_dir or default_bottleneck_dir()
    rows = measure(image_dir, chosen, list(range(seeds)), cache, TerminalProgress(""))
    print("\n".join(summary(rows)))
    options = "".join(f" --architecture {each.name}" for each in named)
    command = f"python -m benchmarks networks PHOTOS{options} --seeds {seeds}"
    print(save_results("networks", command, rows, results_dir))
