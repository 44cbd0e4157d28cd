"""``trainer grid build``: all 16 models as model files in one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.backbones.architectures import Architecture, grid
from trainer.cache_folder import default_cache
from trainer.commands.options import AsJson, BottleneckDir, Kinds, chosen_kinds
from trainer.commands.skipped import name_skipped
from trainer.grid.build import DEFAULT_QUANTIZATIONS, GridModel, GridOptions, build_grid
from trainer.terminal.progress import TerminalProgress
from trainer.terminal.tables import print_table


def build_command(
    folder: Annotated[Path, typer.Argument(help="Where the model files go; finished ones in it are kept.")],
    image_dir: Annotated[
        Path | None, typer.Argument(help="Photos to train on; without them latency and size can be measured.")
    ] = None,
    quantization: Kinds = None,
    architecture: Annotated[list[str] | None, typer.Option(help="Only this model; may be repeated.")] = None,
    bottleneck_dir: BottleneckDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the models of the grid to FOLDER, with the weights at hand, or random ones where there are none.

    Nothing is downloaded. With IMAGE_DIR each model that has weights is retrained and carries its test accuracy;
    the others carry none.
    """
    named = [Architecture.parse(name) for name in architecture or []]
    options = GridOptions(
        folder=folder,
        cache=bottleneck_dir or default_cache(),
        image_dir=image_dir,
        architectures=tuple(dict.fromkeys(named or grid())),
        quantizations=chosen_kinds(quantization, DEFAULT_QUANTIZATIONS),
    )
    progress = TerminalProgress()
    built = build_grid(options, progress)
    skipped = built.dataset.skipped if built.dataset else []
    name_skipped(skipped, progress)
    if as_json:
        records = [entry._asdict() for entry in skipped]
        print(json.dumps({"points": [_facts(model) for model in built.models], "skipped": records}))
    else:
        heads = ["architecture", "kind", "weights", "test accuracy", "size", "file"]
        print_table(heads, [_row(model) for model in built.models])
        print(f"{len(built.models)} files in {folder}; measure them: edge bench {folder}")


def _facts(model: GridModel) -> dict[str, Any]:
    facts = {**model._asdict(), "path": str(model.path), "architecture": model.architecture.name}
    return {**facts, "accuracy": None if model.accuracy is None else round(model.accuracy, 6)}


def _row(model: GridModel) -> list[str]:
    accuracy = "" if model.accuracy is None else f"{100 * model.accuracy:.1f} % of {model.test_photos}"
    size = f"{model.size_bytes / 1e6:.2f} MB"
    return [
        model.architecture.name,
        model.quantization,
        model.weights,
        accuracy,
        size,
        "kept" if model.kept else "built",
    ]
