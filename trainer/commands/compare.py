"""``trainer compare``: is the new model really better?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edge.modelfile.model_file import ModelFile
from trainer.commands.options import AsJson, ImageDir
from trainer.commands.skipped import name_skipped
from trainer.evaluation.compare import Comparison, compare
from trainer.evaluation.evaluate import evaluate
from trainer.evaluation.test_set import Split, photos_of, read_dataset, split_ratios
from trainer.terminal.progress import TerminalProgress
from trainer.terminal.tables import print_table

_SIGNIFICANT = 0.05
_MOST_NAMED = 10


def compare_command(
    first: Annotated[Path, typer.Argument(help="One model file.")],
    second: Annotated[Path, typer.Argument(help="The other.")],
    image_dir: ImageDir,
    split: Annotated[Split, typer.Option(help="Which photos judge, split as the models were trained.")] = Split["test"],
    as_json: AsJson = False,
) -> None:
    """Let two models name the same photos in IMAGE_DIR and say whether the difference is more than chance."""
    progress = TerminalProgress()
    models = [ModelFile.load(first), ModelFile.load(second)]
    ratios = [split_ratios(model) for model in models]
    dataset = read_dataset(image_dir, ratios[0])
    if ratios[0] != ratios[1] and split.value != "all":
        progress.message(f"the models were trained on different splits; {second} may know some of these photos")
    photos = photos_of(dataset, split)
    evaluations = []
    for path, model in zip((first, second), models, strict=True):
        with progress.stage(f"evaluation {path.name}", len(photos)) as advance:
            evaluations.append(evaluate(model, photos, advance))
    name_skipped(dataset.skipped, progress)
    comparison = compare(*evaluations)
    if as_json:
        disagreements = [entry._asdict() for entry in comparison.disagreements]
        print(json.dumps({**comparison._asdict(), "split": split.value, "disagreements": disagreements}))
    else:
        _print_comparison(comparison, str(first), str(second), split.value)


def _print_comparison(comparison: Comparison, first: str, second: str, split: str) -> None:
    print_table(
        ["model", "accuracy", "right where the other is wrong"],
        [
            [first, f"{100 * comparison.first_accuracy:.2f} %", comparison.only_first],
            [second, f"{100 * comparison.second_accuracy:.2f} %", comparison.only_second],
        ],
    )
    for entry in comparison.disagreements[:_MOST_NAMED]:
        print(f"{entry.path}: {entry.first} against {entry.second}")
    if len(comparison.disagreements) > _MOST_NAMED:
        print(f"... and {len(comparison.disagreements) - _MOST_NAMED} more; --json names them all")
    test = f"McNemar's exact test: p = {comparison.p_value:.3g}"
    print(f"{comparison.photos} photos ({split}), {test}; {_verdict(comparison, first, second)}")


def _verdict(comparison: Comparison, first: str, second: str) -> str:
    if comparison.p_value >= _SIGNIFICANT:
        return "the difference may well be chance"
    return f"{first if comparison.only_first > comparison.only_second else second} is better"
