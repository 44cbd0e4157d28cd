"""``trainer grid build``: a model file for each architecture and quantization, in one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.backbones.architectures import Architecture, grid
from trainer.cache_folder import default_bottleneck_dir
from trainer.cluster.connect import connected
from trainer.commands.options import (
    AsJson,
    BottleneckDir,
    Layout,
    LayoutChoice,
    Quantization,
    RayAddress,
    chosen_quantizations,
)
from trainer.commands.skipped_files import name_skipped
from trainer.grid.build import DEFAULT_QUANTIZATIONS, GridModel, GridOptions, build_grid
from trainer.photos.bucket import as_place
from trainer.photos.layout import AUTO
from trainer.terminal.progress_bars import TerminalProgress
from trainer.terminal.tables import print_table


def build_command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder for the model files. Finished ones in it are kept.")
    ],
    image_dir: Annotated[
        Path | None,
        typer.Argument(
            metavar="IMAGE_DIR",
            help="Folder with one folder of photos for each class, or a list of photos. Without it no model is "
            "trained.",
        ),
    ] = None,
    layout: LayoutChoice = Layout[AUTO],
    quantization: Annotated[
        list[Quantization] | None,
        typer.Option(help="How the model computes; may be repeated (default: int8 and float32)."),
    ] = None,
    architecture: Annotated[
        list[str] | None,
        typer.Option(help="Build only this architecture; may be repeated (default: the 16 of MobileNet v1)."),
    ] = None,
    bottleneck_dir: BottleneckDir = None,
    ray: RayAddress = None,
    as_json: AsJson = False,
) -> None:
    """Write a model file for each architecture and quantization to FOLDER, to be measured by edge bench on a board.

    Nothing is downloaded. With IMAGE_DIR, each architecture with weights on this machine is retrained, and its files
    carry their test accuracy. The other files have random weights: only their latency and size mean something.
    """
    named = [Architecture.parse(name) for name in architecture or []]
    options = GridOptions(
        folder=folder,
        bottleneck_dir=bottleneck_dir or default_bottleneck_dir(),
        image_dir=image_dir and as_place(image_dir),
        layout=layout.value,
        architectures=tuple(dict.fromkeys(named or grid())),
        quantizations=chosen_quantizations(quantization, DEFAULT_QUANTIZATIONS),
    )
    progress = TerminalProgress()
    with connected(ray, progress) as workers:
        built = build_grid(options, progress, workers)
    skipped = built.dataset.skipped if built.dataset else []
    name_skipped(skipped, progress)
    if as_json:
        records = [entry._asdict() for entry in skipped]
        print(json.dumps({"points": [_record(model) for model in built.models], "skipped": records}))
    else:
        heads = ["architecture", "quantization", "weights", "test accuracy", "size", "file"]
        print_table(heads, [_cells(model) for model in built.models])
        print(f"{len(built.models)} files in {folder}; measure them on a board: edge bench {folder}")


def _record(model: GridModel) -> dict[str, Any]:
    record = {**model._asdict(), "path": str(model.path), "architecture": model.architecture.name}
    return {**record, "accuracy": None if model.accuracy is None else round(model.accuracy, 6)}


def _cells(model: GridModel) -> list[str]:
    return [
        model.architecture.name,
        model.quantization,
        model.weights,
        "" if model.accuracy is None else f"{100 * model.accuracy:.1f} % of {model.test_photos}",
        f"{model.size_bytes / 1e6:.2f} MB",
        "kept" if model.kept else "built",
    ]
