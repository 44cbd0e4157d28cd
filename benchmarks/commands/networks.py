"""How good networks are: those written directly, those of other projects, and all in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import Architectures, CacheDir, ImageDir, ResultsDir, Seeds, architectures, told
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
    options = told(named)
    command = f"python -m benchmarks networks PHOTOS{options} --seeds {seeds}"
    print(save_results("networks", command, rows, results_dir))


@app.command(epilog="Example: python -m benchmarks directions flower_photos --strangers other_things")
def directions(
    image_dir: ImageDir,
    strangers: Annotated[Path, typer.Option(help="A folder of pictures of other things.")],
    architecture: Annotated[
        list[str] | None,
        typer.Option(help="An architecture; may be repeated (default: all with directions, and mobilenet_0.25_224)."),
    ] = None,
    backbone: Annotated[list[Path] | None, typer.Option(help="A model file whose backbone is measured too.")] = None,
    results_dir: ResultsDir = FOLDER,
    bottleneck_dir: CacheDir = None,
) -> None:
    """Test which directions of ImageNet's classes belong to a backbone, and whether they tell other things apart."""
    from benchmarks.accuracy.directions import measure
    from trainer.backbones.backbone import load_backbones
    from trainer.retraining.given_backbone import read_given
    from trainer.unknown.packaged_directions import packaged_networks

    cache, names = (
        bottleneck_dir or default_bottleneck_dir(),
        architecture or [*packaged_networks(), "mobilenet_0.25_224"],
    )
    backbones = [load_backbones(cache, Architecture.parse(name), None, ("int8",))[0] for name in names]
    backbones += [read_given(path).backbone for path in backbone or []]
    rows = measure(image_dir, strangers, backbones, TerminalProgress(""))
    print(save_results("directions", "python -m benchmarks directions PHOTOS --strangers STRANGERS", rows, results_dir))
