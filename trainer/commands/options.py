"""Options that several commands share, written once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from trainer.backbones.architectures import DEFAULT_QUANTIZATIONS, QUANTIZATIONS
from trainer.evaluation.evaluated_photos import EVALUATED
from trainer.groups.modes import GROUPS
from trainer.photos.layout import LAYOUTS

Split = Enum("Split", {name: name for name in EVALUATED}, type=str)  # type: ignore[misc]
Quantization = Enum("Quantization", {name: name for name in QUANTIZATIONS}, type=str)  # type: ignore[misc]

Groups = Enum("Groups", {name: name for name in GROUPS}, type=str)  # type: ignore[misc]
Layout = Enum("Layout", {name: name for name in LAYOUTS}, type=str)  # type: ignore[misc]

ImageDir = Annotated[
    Path, typer.Argument(help="The folder with one folder of photos for each class, or a list of photos.")
]
LayoutChoice = Annotated[
    Layout,
    typer.Option(
        "--layout", help="auto: folders such as train and test are the split; classes: each folder is a class."
    ),
]
GroupsChoice = Annotated[
    Groups,
    typer.Option(
        "--groups",
        help="How photos that depend on each other are found, to count each group of them as one photo: off: not at "
        "all; names: by their names; auto: by names, times and pixels.",
    ),
]
ArchitectureName = Annotated[
    str, typer.Option("--architecture", help="The network: mobilenet_WIDTH_SIZE; trainer architectures lists them.")
]
BottleneckDir = Annotated[
    Path | None,
    typer.Option(help="The folder that keeps backbones and bottlenecks between runs (default: in your cache folder)."),
]
WeightsChoice = Annotated[
    str | None,
    typer.Option("--weights", help="A Keras weights file, or 'offline' for the weights of the offline extra."),
]
Quantizations = Annotated[
    list[Quantization] | None,
    typer.Option("--quantization", help="How the model computes; may be repeated (default: int8)."),
]
FindLinks = Annotated[
    list[Path] | None, typer.Option(help="A folder of wheels, used beside the package index; may be repeated.")
]
Extras = Annotated[
    list[str] | None,
    typer.Option(
        "--extra", help="An extra of the edge package to install too, such as camera or web; may be repeated."
    ),
]
SignKey = Annotated[
    Path | None,
    typer.Option("--sign", help="Sign MODEL with this SSH key; for a key in the agent, its .pub file."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def chosen_quantizations(
    chosen: list[Quantization] | None, default: tuple[str, ...] = DEFAULT_QUANTIZATIONS
) -> tuple[str, ...]:
    """The chosen quantizations, each once, in their order; ``default`` if there are none."""
    return tuple(dict.fromkeys(entry.value for entry in chosen or [])) or default
