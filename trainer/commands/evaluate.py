"""``trainer evaluate``: how good a model file is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge.modelfile.model_file import ModelFile
from edge.printable import printable
from trainer.commands.evaluated_output import (
    accuracy_lines,
    background_json,
    classes_json,
    photo_counts,
    seen_json,
    unknown_lines,
)
from trainer.commands.load_models import try_named
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
from trainer.commands.strangers_output import print_strangers, strangers_json
from trainer.commands.streamed_json import print_streamed
from trainer.evaluation.evaluate import Evaluation, evaluate
from trainer.evaluation.evaluated_photos import UNSEEN
from trainer.groups.modes import GROUPS_AUTO
from trainer.photos.folder import photos_name
from trainer.photos.layout import AUTO
from trainer.report.content import evaluation_content
from trainer.report.write import check_report, report_paths, write_report
from trainer.terminal.progress_bars import TerminalProgress
from trainer.terminal.tables import print_table

_MOST_COLUMNS = 12


def evaluate_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    image_dir: ImageDir,
    layout: LayoutChoice = Layout[AUTO],
    split: Annotated[
        Split,
        typer.Option(
            help="The photos to use: unseen: those that the model was neither trained nor chosen on; all; or those of "
            "one split of its training. A model that does not know its photos: unseen are all."
        ),
    ] = Split[UNSEEN],
    groups: GroupsChoice = Groups[GROUPS_AUTO],
    labels: LabelFile = None,
    input_range: InputRange = None,
    mean: Mean = None,
    std: Std = None,
    strangers: Annotated[
        Path | None,
        typer.Option(
            help="A folder of pictures of other things, at any depth: say how many of them are taken for a class, and "
            "how many photos of IMAGE_DIR the same setting lets through."
        ),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Write MODEL-on-FOLDER.html and .md with details, beside the model.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Label the photos in IMAGE_DIR with MODEL and compare the labels with the folders."""
    progress = TerminalProgress()
    loaded = ModelFile.load(model, labels, **pixel_arguments(mean, std, input_range))
    if loaded.manifest is None:
        try_named(model, loaded)
    for line in loaded.messages():
        progress.message(line)
    if loaded.manifest is not None and loaded.manifest.provenance.adopted_from is not None:
        progress.message("how the model was trained is not known: these photos may have trained it")
    paths = report_paths(model, f"-on-{photos_name(image_dir)}")
    if report:
        check_report(paths, "copy the model into a folder of your own")
    evaluation = evaluate(
        loaded,
        image_dir,
        split=split.value,
        layout=layout.value,
        groups=groups.value,
        strangers=strangers,
        progress=progress,
    )
    name_skipped(evaluation.skipped, progress)
    if evaluation.strangers is not None:
        name_skipped(evaluation.strangers.skipped, progress)
    if evaluation.seen is None and evaluation.has_seen_them:
        progress.message(
            "the model was trained on photos of this folder; use --split test for photos that it was not trained on"
        )
    if report:
        write_report(evaluation_content(model.name, loaded, evaluation), paths)
    if as_json:
        _print_json(evaluation)
    else:
        _print_evaluation(evaluation)
        if report:
            print(paths[0])


def _print_json(evaluation: Evaluation) -> None:
    before = {
        "split": evaluation.split,
        "accuracy": round(evaluation.accuracy, 6),
        "accuracy_interval": [round(end, 6) for end in evaluation.interval],
        "judged": evaluation.count,
        "independent": evaluation.independent,
        "seen": seen_json(evaluation.seen),
        **classes_json(evaluation.classes),
        "labels": list(evaluation.labels),
        "confusion": evaluation.confusion.tolist(),
    }
    photos = (
        {"path": str(photo.path), "class": photo.label, "label": label, "score": round(score, 6)}
        for photo, label, score in evaluation.answered()
    )
    after = {
        "skipped": [entry._asdict() for entry in evaluation.skipped],
        "unknown": evaluation.unknown
        and {
            "label": evaluation.unknown,
            "photos_answered_so": evaluation.answered_unknown,
            "background": background_json(evaluation.background),
        },
        "strangers": strangers_json(evaluation.strangers),
    }
    print_streamed(before, "photos", photos, after)


def _print_evaluation(evaluation: Evaluation) -> None:
    if len(evaluation.labels) - (evaluation.unknown is not None) <= _MOST_COLUMNS:
        rows = [
            [label, *map(int, row)]
            for label, row in zip(evaluation.labels, evaluation.confusion, strict=True)
            if label != evaluation.unknown
        ]
        print_table(["class \\ answer", *evaluation.labels], rows)
    photos = photo_counts(evaluation.count, evaluation.independent)
    print(*accuracy_lines(evaluation, f"{photos} ({evaluation.split})"), sep="\n")
    for line in unknown_lines(evaluation):
        print(printable(line))
    if evaluation.strangers is not None:
        print_strangers(evaluation.strangers)
