"""``trainer compare``: whether the new model is better."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.printable import printable
from trainer.commands.evaluated_output import classes_json, photo_counts, seen_json
from trainer.commands.load_models import load_models
from trainer.commands.options import (
    AsJson,
    Groups,
    GroupsChoice,
    ImageDir,
    InputRange,
    LabelFile,
    Layout,
    LayoutChoice,
    Mean,
    Split,
    Std,
    pixel_arguments,
)
from trainer.commands.skipped_files import name_skipped
from trainer.evaluation.compare import Comparison, compare
from trainer.groups.modes import GROUPS_AUTO
from trainer.photos.layout import AUTO
from trainer.photos.split import TEST
from trainer.terminal.progress_bars import TerminalProgress
from trainer.terminal.tables import print_table

_MOST_NAMED = 10


def compare_command(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="One model file.")],
    second: Annotated[Path, typer.Argument(metavar="SECOND", help="The other model file.")],
    image_dir: ImageDir,
    layout: LayoutChoice = Layout[AUTO],
    split: Annotated[
        Split,
        typer.Option(
            help="The photos to use: test or unseen: those that neither model was trained or chosen on; all; or those "
            "of another split of the first model's training."
        ),
    ] = Split[TEST],
    groups: GroupsChoice = Groups[GROUPS_AUTO],
    labels: LabelFile = None,
    input_range: InputRange = None,
    mean: Mean = None,
    std: Std = None,
    as_json: AsJson = False,
) -> None:
    """Label the photos in IMAGE_DIR with two models and say whether the difference is more than chance.

    --labels, --input-range, --mean and --std are for a model of another project, or for both.
    """
    progress = TerminalProgress()
    pixels = pixel_arguments(mean, std, input_range)
    models = load_models([first, second], labels, pixels)
    for path, model in zip((first, second), models, strict=True):
        for line in model.messages():
            progress.message(f"{path}: {line}")
    comparison = compare(
        models[0],
        models[1],
        image_dir,
        split=split.value,
        layout=layout.value,
        groups=groups.value,
        progress=progress,
    )
    name_skipped(comparison.skipped, progress)
    if as_json:
        print(json.dumps(_as_json(comparison, split.value)))
    else:
        _print_comparison(comparison, str(first), str(second), split.value)


def _as_json(comparison: Comparison, split: str) -> dict[str, Any]:
    facts = {name: value for name, value in comparison._asdict().items() if name != "classes"}
    for name in ("disagreements", "skipped"):
        facts[name] = [entry._asdict() for entry in facts[name]]
    facts["seen"] = [seen_json(entry) for entry in comparison.seen]
    return {**facts, "split": split, **classes_json(comparison.classes)}


def _print_comparison(comparison: Comparison, first: str, second: str, split: str) -> None:
    print_table(
        ["model", "accuracy", "right where the other is wrong"],
        [
            [first, f"{100 * comparison.first_accuracy:.2f} %", comparison.only_first],
            [second, f"{100 * comparison.second_accuracy:.2f} %", comparison.only_second],
        ],
    )
    for entry in comparison.disagreements[:_MOST_NAMED]:
        print(printable(f"{entry.path}: {entry.first} against {entry.second}"))
    if len(comparison.disagreements) > _MOST_NAMED:
        print(f"... and {len(comparison.disagreements) - _MOST_NAMED} more; --json names all of them")
    test = f"McNemar's exact test: p = {comparison.p_value:.3g}"
    photos = photo_counts(comparison.photos, comparison.independent)
    print(printable(f"{photos} ({split}), {test}; {_conclusion(comparison, first, second)}"))


def _conclusion(comparison: Comparison, first: str, second: str) -> str:
    if not comparison.is_significant:
        return "the difference may be chance"
    return f"{first if comparison.first_better > comparison.second_better else second} is better"
