"""``trainer adopt``: a model of another project becomes a file of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edge.files import check_writable, write_whole
from edge.modelfile.model_file import ModelFile
from trainer.adopt.adopt import ARCHITECTURE, Adopted, adopt
from trainer.commands.evaluated_output import accuracy_lines, photo_counts
from trainer.commands.options import (
    AsJson,
    Groups,
    GroupsChoice,
    InputRange,
    LabelFile,
    Layout,
    LayoutChoice,
    Mean,
    Std,
    pixel_arguments,
)
from trainer.commands.skipped_files import name_skipped
from trainer.groups.modes import GROUPS_AUTO
from trainer.photos.layout import AUTO
from trainer.terminal.progress_bars import TerminalProgress


def adopt_command(
    model: Annotated[Path, typer.Argument(help="The model file of another project, or a zip with it.")],
    photos: Annotated[
        Path | None,
        typer.Argument(help="Photos to measure the accuracy on: a folder with one folder for each class, or a list."),
    ] = None,
    labels: LabelFile = None,
    input_range: InputRange = None,
    mean: Mean = None,
    std: Std = None,
    output: Annotated[
        Path | None, typer.Option(help=f"The file to write (default: models/MODEL-{ARCHITECTURE}.tflite).")
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
    path = output or Path("models") / f"{model.stem}-{ARCHITECTURE}.tflite"
    loaded = ModelFile.load(model, labels, **pixel_arguments(mean, std, input_range))
    check_writable(path)
    for line in loaded.messages():
        progress.message(line)
    adopted = adopt(loaded, model.name, photos, layout=layout.value, groups=groups.value, progress=progress)
    write_whole(path, adopted.content)
    if adopted.evaluation:
        name_skipped(adopted.evaluation.skipped, progress)
    if as_json:
        print(json.dumps(_as_json(adopted, path)))
    else:
        if adopted.evaluation:
            counts = photo_counts(adopted.evaluation.count, adopted.evaluation.independent)
            cautions = (", which may have trained the model", ", if they have not")
            print(*accuracy_lines(adopted.evaluation, counts, *cautions), sep="\n")
        print(path)


def _as_json(adopted: Adopted, path: Path) -> dict[str, object]:
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
    }
