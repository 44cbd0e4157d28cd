"""``trainer grid build``: all 16 points as model files in one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.backbones.architectures import Architecture, grid
from trainer.cache_folder import default_cache
from trainer.commands.options import AsJson, BottleneckDir, Kinds, chosen_kinds
from trainer.commands.skipped import name_skipped
from trainer.grid.build import KINDS, GridOptions, Point, build_grid
from trainer.terminal.progress import TerminalProgress
from trainer.terminal.tables import print_table


def build_command(
    folder: Annotated[Path, typer.Argument(help="Where the model files go; finished ones in it are kept.")],
    image_dir: Annotated[
        Path | None, typer.Argument(help="Photos to train on; without them latency and size can be measured.")
    ] = None,
    quantization: Kinds = None,
    architecture: Annotated[list[str] | None, typer.Option(help="Only this point; may be repeated.")] = None,
    bottleneck_dir: BottleneckDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the points of the grid to FOLDER, with the weights at hand, or random ones where there are none.

    Nothing is downloaded. With IMAGE_DIR each point that has weights is retrained and carries its test accuracy;
    the others carry none.
    """
    named = [Architecture.parse(name) for name in architecture or []]
    options = GridOptions(
        folder=folder,
        cache=bottleneck_dir or default_cache(),
        image_dir=image_dir,
        architectures=tuple(dict.fromkeys(named or grid())),
        quantizations=chosen_kinds(quantization, KINDS),
    )
    progress = TerminalProgress()
    built = build_grid(options, progress)
    skipped = built.dataset.skipped if built.dataset else []
    name_skipped(skipped, progress)
    if as_json:
        records = [entry._asdict() for entry in skipped]
        print(json.dumps({"points": [_facts(point) for point in built.points], "skipped": records}))
    else:
        heads = ["architecture", "kind", "weights", "test accuracy", "size", "file"]
        print_table(heads, [_row(point) for point in built.points])
        print(f"{len(built.points)} files in {folder}; measure them: edge bench {folder}")


def _facts(point: Point) -> dict[str, Any]:
    facts = {**point._asdict(), "path": str(point.path), "architecture": point.architecture.name}
    return {**facts, "accuracy": None if point.accuracy is None else round(point.accuracy, 6)}


def _row(point: Point) -> list[str]:
    accuracy = "" if point.accuracy is None else f"{100 * point.accuracy:.1f} % of {point.test_photos}"
    size = f"{point.size_bytes / 1e6:.2f} MB"
    return [
        point.architecture.name,
        point.quantization,
        point.weights,
        accuracy,
        size,
        "kept" if point.kept else "built",
    ]
