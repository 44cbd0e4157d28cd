"""``trainer adopt``: a model of another project becomes a file of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edge.errors import UsageError
from edge.files import check_writable, write_output
from edge.modelfile.labels import read_labels
from edge.modelfile.manifest import ADOPTED
from edge.modelfile.model_file import ModelFile
from trainer.adopt.adopt import Adopted, adopt
from trainer.adopt.adopt_graph import GRAPH_SUFFIX, Agreement, adopt_graph
from trainer.backbones.architectures import DEFAULT_QUANTIZATIONS
from trainer.commands.evaluated_output import accuracy_lines, photo_counts
from trainer.commands.load_models import try_named
from trainer.commands.options import (
    AsJson,
    Groups,
    GroupsChoice,
    InputRange,
    LabelFile,
    Layout,
    LayoutChoice,
    Mean,
    PixelArguments,
    Quantization,
    Std,
    pixel_arguments,
)
from trainer.commands.skipped_files import name_skipped
from trainer.groups.modes import GROUPS_AUTO
from trainer.photos.layout import AUTO
from trainer.terminal.progress_bars import TerminalProgress


def adopt_command(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="The model file of another project, a zip with it, or the codelab's retrained_graph.pb.",
        ),
    ],
    photos: Annotated[
        Path | None,
        typer.Argument(
            metavar="PHOTOS",
            help="Photos to measure the accuracy on: a folder with one folder for each class, or a list.",
        ),
    ] = None,
    labels: LabelFile = None,
    input_range: InputRange = None,
    mean: Mean = None,
    std: Std = None,
    quantization: Annotated[
        Quantization | None, typer.Option(help="How the file of a graph (.pb) computes (default: int8).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help=f"The file to write (default: models/MODEL-{ADOPTED}.tflite).")
    ] = None,
    layout: LayoutChoice = Layout[AUTO],
    groups: GroupsChoice = Groups[GROUPS_AUTO],
    as_json: AsJson = False,
) -> None:
    """Write a copy of MODEL that carries its labels, how its pixels are scaled, probabilities and a self-test.

    The copy can be flashed, watched, bundled and compared like a model that was trained here. How MODEL was trained is
    not known: PHOTOS may have trained it, and then the accuracy is too good.
    """
    progress = TerminalProgress()
    path = output or Path("models") / f"{model.stem}-{ADOPTED}.tflite"
    pixels = pixel_arguments(mean, std, input_range)
    agreement = None
    if model.suffix.lower() == GRAPH_SUFFIX:
        _check_graph_options(model, labels, pixels)
        assert labels is not None
        check_writable(path)
        chosen = (quantization or Quantization[DEFAULT_QUANTIZATIONS[0]]).value
        found = adopt_graph(
            model, read_labels(labels), chosen, photos, layout=layout.value, groups=groups.value, progress=progress
        )
        adopted, agreement = found.adopted, found.agreement
    else:
        if quantization is not None:
            raise UsageError(f"--quantization is for graphs ({GRAPH_SUFFIX}); {model} keeps its own arithmetic")
        loaded = ModelFile.load(model, labels, **pixels)
        check_writable(path)
        for line in loaded.messages():
            progress.message(line)
        try_named(model, loaded)
        adopted = adopt(loaded, model.name, photos, layout=layout.value, groups=groups.value, progress=progress)
    write_output(path, adopted.content)
    if adopted.evaluation:
        name_skipped(adopted.evaluation.skipped, progress)
    if as_json:
        print(json.dumps(_as_json(adopted, path, agreement)))
    else:
        if agreement is not None:
            print(
                f"the file gives the graph's label for {agreement.same} of {agreement.pictures} drawn flowers; scores "
                f"differ by up to {agreement.largest:.3f}"
            )
        if adopted.evaluation:
            counts = photo_counts(adopted.evaluation.count, adopted.evaluation.independent)
            cautions = (", which may have trained the model", ", if they have not")
            print(*accuracy_lines(adopted.evaluation, counts, *cautions), sep="\n")
        print(path)


def _check_graph_options(model: Path, labels: Path | None, pixels: PixelArguments) -> None:
    if labels is None:
        raise UsageError(f"{model} has no labels in it; give the codelab's file: --labels retrained_labels.txt")
    if any(value is not None for value in pixels.values()):
        raise UsageError("a graph of the codelab takes pixels from -1 to 1; leave out --mean, --std and --input-range")


def _as_json(adopted: Adopted, path: Path, agreement: Agreement | None) -> dict[str, object]:
    made = ModelFile.from_bytes(adopted.content)
    assert made.manifest is not None
    evaluation = adopted.evaluation
    return {
        "path": str(path),
        "sha256": made.sha256,
        "size_bytes": made.size_bytes,
        "labels": list(made.labels),
        "quantization": made.manifest.quantization,
        "training": made.manifest.training,
        "accuracy": made.manifest.accuracy,
        "photos": evaluation.count if evaluation else 0,
        "independent": evaluation.independent if evaluation else 0,
        "accuracy_interval": [round(end, 6) for end in evaluation.interval] if evaluation else None,
        "agreement": agreement and agreement._asdict(),
    }
