"""Arguments and options that several measurements take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from edge.distribution import install_command
from edge.errors import ConfigurationError
from trainer.backbones.architectures import Architecture, grid
from trainer.backbones.weights import weights_at_hand

ImageDir = Annotated[Path, typer.Argument(help="A folder that has one folder of photos for each class.")]
ResultsDir = Annotated[Path, typer.Option(help="The folder of the result file.", show_default="benchmarks/results")]
CacheDir = Annotated[Path | None, typer.Option(help="The folder of the bottleneck cache (default: the trainer's own).")]
Architectures = Annotated[
    list[str] | None,
    typer.Option(help="An architecture; may be repeated (default: all with weights on this machine)."),
]
OneArchitecture = Annotated[str, typer.Option(help="An architecture of the grid.")]
Seeds = Annotated[int, typer.Option(help="The number of splits.")]
Rounds = Annotated[int, typer.Option(help="The number of runs of each, in turn.")]


def architectures(names: list[str] | None) -> list[Architecture]:
    """The architectures named, or all whose weights are on this machine."""
    named = [Architecture.parse(name) for name in names or []]
    return named or [each for each in grid() if weights_at_hand(each)]


def told(named: Iterable[str | Architecture] | None) -> str:
    """The options with which a command names the architectures ``named``, each with a blank before it."""
    names = (each.name if isinstance(each, Architecture) else each for each in named or [])
    return "".join(f" --architecture {name}" for name in names)


@contextlib.contextmanager
def needs_matplotlib(what: str) -> Iterator[None]:
    """``what`` is drawn by what is imported in the block.

    Raises :class:`~edge.errors.ConfigurationError` if matplotlib is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise ConfigurationError(f"{what} needs matplotlib: {install_command('benchmarks')}") from None
