"""``trainer evaluate``: what a model file is worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.modelfile.model_file import ModelFile
from trainer.commands.options import AsJson, ImageDir
from trainer.commands.skipped import name_skipped
from trainer.evaluation.evaluate import Evaluation, evaluate
from trainer.evaluation.test_set import Split, photos_of, read_dataset, split_ratios
from trainer.photos.dataset import Skipped, dataset_fingerprint
from trainer.photos.split import TEST
from trainer.report.content import evaluation_content
from trainer.report.write import check_report, report_paths, write_report
from trainer.terminal.progress import TerminalProgress
from trainer.terminal.tables import print_table

_MOST_COLUMNS = 12


def evaluate_command(
    model: Annotated[Path, typer.Argument(help="The model file.")],
    image_dir: ImageDir,
    split: Annotated[Split, typer.Option(help="Which photos judge, split as the model was trained.")] = Split["all"],
    labels: Annotated[Path | None, typer.Option(help="Label file of a model that carries none.")] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Write MODEL-on-FOLDER.html and .md beside the model, which show why.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let MODEL name the photos in IMAGE_DIR and compare with their folders."""
    progress = TerminalProgress()
    loaded = ModelFile.load(model, labels)
    paths = report_paths(model, f"-on-{image_dir.resolve().name}")
    if report:
        check_report(paths, "copy the model into a folder of your own")
    dataset = read_dataset(image_dir, split_ratios(loaded))
    photos = photos_of(dataset, split)
    with progress.stage("evaluation", len(photos)) as advance:
        evaluation = evaluate(loaded, photos, advance)
    failed = [
        Skipped(photo.relative, outcome.error)
        for photo, outcome in zip(evaluation.photos, evaluation.outcomes, strict=True)
        if outcome.error
    ]
    name_skipped([*dataset.skipped, *failed], progress)
    lost = {entry.path for entry in failed}
    judged = dataset._replace(photos=[photo for photo in dataset.photos if photo.relative not in lost])
    training = loaded.manifest.training if loaded.manifest else {}
    same = training.get("dataset_sha256") == dataset_fingerprint(judged)
    if split.value == "all" and same:
        progress.message("the model was trained on photos of this folder; --split test is the fair judge")
    if report:
        seen = same and split.value != TEST
        skipped = [*dataset.skipped, *failed]
        write_report(
            evaluation_content(model.name, loaded, evaluation, split=split.value, skipped=skipped, seen=seen), paths
        )
    if as_json:
        print(json.dumps(_evaluation_record(evaluation, split.value, [*dataset.skipped, *failed])))
    else:
        _print_evaluation(evaluation, split.value)
        if report:
            print(paths[0])


def _evaluation_record(evaluation: Evaluation, split: str, skipped: list[Skipped]) -> dict[str, Any]:
    photos = [
        {
            "path": str(photo.path),
            "class": photo.label,
            "label": outcome.classification.categories[0].label,
            "score": round(outcome.classification.categories[0].score, 6),
        }
        for photo, outcome in zip(evaluation.photos, evaluation.outcomes, strict=True)
        if outcome.classification
    ]
    return {
        "split": split,
        "accuracy": round(evaluation.accuracy, 6),
        "judged": evaluation.count,
        "labels": list(evaluation.labels),
        "confusion": evaluation.confusion.tolist(),
        "photos": photos,
        "skipped": [entry._asdict() for entry in skipped],
    }


def _print_evaluation(evaluation: Evaluation, split: str) -> None:
    if len(evaluation.labels) <= _MOST_COLUMNS:
        rows = [[label, *map(int, row)] for label, row in zip(evaluation.labels, evaluation.confusion, strict=True)]
        print_table(["class \\ answer", *evaluation.labels], rows)
    print(f"accuracy {100 * evaluation.accuracy:.2f} % of {evaluation.count} photos ({split})")
