"""Options that several commands share, written once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from edge.errors import UsageError
from edge.modelfile.normalization import Normalization, given_normalization, parse_numbers
from trainer.backbones.architectures import CONVERTERS, DEFAULT_QUANTIZATIONS, QUANTIZATIONS
from trainer.evaluation.evaluated_photos import EVALUATED
from trainer.groups.modes import GROUPS
from trainer.photos.layout import LAYOUTS

Split = Enum("Split", {name: name for name in EVALUATED}, type=str)  # type: ignore[misc]
Quantization = Enum("Quantization", {name: name for name in QUANTIZATIONS}, type=str)  # type: ignore[misc]

Converter = Enum("Converter", {name: name for name in CONVERTERS}, type=str)  # type: ignore[misc]
Groups = Enum("Groups", {name: name for name in GROUPS}, type=str)  # type: ignore[misc]
Layout = Enum("Layout", {name: name for name in LAYOUTS}, type=str)  # type: ignore[misc]

ImageDir = Annotated[
    Path,
    typer.Argument(
        metavar="IMAGE_DIR",
        help="The folder with one folder of photos for each class, also in a bucket (s3://BUCKET/FOLDER), or a list of "
        "photos.",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Compute bottlenecks on a Ray cluster: auto (the one of this machine), HOST:PORT of its head, or local "
        "(one on this machine). All its machines need the photos under the same path, or a key for the bucket.",
    ),
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
        help="How photos that depend on each other are found, to keep them in one split and count them as one photo: "
        "off: not at all; names: by their names; auto: by names, times and pixels.",
    ),
]
ArchitectureName = Annotated[
    str,
    typer.Option("--architecture", help="The network: mobilenet_0.50_224, or what trainer architectures lists."),
]
BottleneckDir = Annotated[
    Path | None,
    typer.Option(help="The folder that keeps backbones and bottlenecks between runs (default: in your cache folder)."),
]
WeightsChoice = Annotated[
    str | None,
    typer.Option(
        "--weights",
        help="A file of pretrained weights (of Keras or PyTorch, or a frozen graph), or 'offline': those of the extra "
        "offline (default: Keras' own, which are downloaded once).",
    ),
]
ConverterChoice = Annotated[
    Converter,
    typer.Option(
        "--converter",
        help="How the backbone is made: written directly from its weights, or by TensorFlow's converter, to compare.",
    ),
]
BackboneFile = Annotated[
    Path | None,
    typer.Option(
        "--backbone",
        metavar="FILE",
        help="A file whose network is used, instead of --architecture and --weights: a model file of trainer retrain "
        "or trainer backbone, or a .tflite of another project, a classifier or an embedder.",
    ),
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
LabelFile = Annotated[
    Path | None,
    typer.Option(
        "--labels", help="The label file, for a model that has no labels in it: one label a line, CSV, JSON or YAML."
    ),
]
InputRange = Annotated[
    str | None,
    typer.Option(
        "--input-range",
        metavar="LOW,HIGH",
        help="For a model that does not say it: the values of black and white pixels, such as 0,1 (default: -1,1, or "
        "what its first operators show).",
    ),
]
Mean = Annotated[
    str | None,
    typer.Option(
        metavar="M", help="Instead of --input-range: the mean of the pixels, 0 to 255, or three numbers R,G,B."
    ),
]
Std = Annotated[
    str | None,
    typer.Option(metavar="S", help="With --mean: the standard deviation of the pixels, or R,G,B."),
]
UnknownName = Annotated[
    str,
    typer.Option(
        "--unknown",
        metavar="NAME",
        help="The label of one more class, for the rest of the world: it is taught by drawings, by directions in which "
        "other things lie, and by photos of other things if there are some.",
    ),
]
NoUnknown = Annotated[
    bool, typer.Option("--no-unknown", help="No class for the rest of the world: every picture is of a class.")
]
Background = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Photos of other things than the classes, at any depth, which teach the class for the rest of the world. "
        "A folder in IMAGE_DIR that has the name of this class teaches it too.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def chosen_quantizations(
    chosen: list[Quantization] | None, default: tuple[str, ...] = DEFAULT_QUANTIZATIONS
) -> tuple[str, ...]:
    """The chosen quantizations, each once, in their order; ``default`` if there are none."""
    return tuple(dict.fromkeys(entry.value for entry in chosen or [])) or default


def normalization_of(
    backbone: Path | None, mean: str | None, std: str | None, input_range: str | None
) -> Normalization | None:
    """What :data:`Mean`, :data:`Std` and :data:`InputRange` say of the network in the file ``backbone``.

    Raises :class:`~edge.errors.UsageError` if they make no sense, or if there is no such file.
    """
    normalization = given_normalization(**pixel_arguments(mean, std, input_range))
    if normalization is not None and backbone is None:
        raise UsageError("--input-range, --mean and --std are for the network of --backbone FILE; leave them out")
    return normalization


class PixelArguments(TypedDict):
    """The arguments of :meth:`edge.modelfile.model_file.ModelFile.load` that say how pixels are scaled."""

    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    input_range: tuple[float, float] | None


def pixel_arguments(mean: str | None, std: str | None, input_range: str | None) -> PixelArguments:
    """The numbers in the texts of :data:`Mean`, :data:`Std` and :data:`InputRange`.

    Raises :class:`~edge.errors.UsageError` if one of them is not a number.
    """
    ends = _numbers("--input-range", input_range)
    if ends is not None and len(ends) != 2:
        raise UsageError(f"--input-range {input_range}: give two numbers such as 0,1")
    return {
        "mean": _numbers("--mean", mean),
        "std": _numbers("--std", std),
        "input_range": None if ends is None else (ends[0], ends[1]),
    }


def _numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    try:
        return None if text is None else parse_numbers(text)
    except ValueError:
        raise UsageError(f"{option} {text}: give numbers such as 123.7,116.3,103.5") from None
