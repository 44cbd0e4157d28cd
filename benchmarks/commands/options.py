"""Arguments and options that several measurements take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainer.backbones.architectures import Architecture, grid
from trainer.backbones.weights import keras_cache_file

ImageDir = Annotated[Path, typer.Argument(help="A folder that has one folder of photos for each class.")]
ResultsDir = Annotated[Path, typer.Option(help="Where the result file goes.")]
CacheDir = Annotated[Path | None, typer.Option(help="The bottleneck cache (default: the trainer's own).")]
Architectures = Annotated[list[str] | None, typer.Option(help="Default: all that Keras has weights for.")]
OneArchitecture = Annotated[str, typer.Option(help="Which point of the grid.")]
Seeds = Annotated[int, typer.Option(help="How many splits.")]
Rounds = Annotated[int, typer.Option(help="How often each runs, in turn.")]


def points(names: list[str] | None) -> list[Architecture]:
    """The points named, or all that Keras has weights for."""
    named = [Architecture.parse(name) for name in names or []]
    return named or [point for point in grid() if keras_cache_file(point).is_file()]
