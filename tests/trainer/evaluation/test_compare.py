"""Is one model really better than another?"""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Callable
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DatasetError
from edge.types import Category, Classification, LabelledPhoto
from trainer.evaluation.compare import Comparison, Disagreement, compare_evaluations
from trainer.evaluation.evaluate import Evaluation
from trainer.photos.dataset import Photo
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.terminal.progress_bars import TerminalProgress

Command = Callable[..., "subprocess.CompletedProcess[str]"]
LABELS = ("daisy", "rose")


def evaluation(answers: list[str | None]) -> Evaluation:
    """A model that gave these answers for photos that are all daisies; None is a photo it could not decode."""
    names = [f"daisy/{i}.jpg" for i in range(len(answers))]
    photos = [Photo(Path(name), name, "daisy", b"", "test", name) for name in names]
    results = [
        LabelledPhoto(photo.path, None, "damaged")
        if answer is None
        else LabelledPhoto(photo.path, Classification((Category(LABELS.index(answer), answer, 0.9),), 1.0))
        for photo, answer in zip(photos, answers, strict=True)
    ]
    return Evaluation(LABELS, photos, results, np.zeros((2, 2), np.intp))


def test_counts_and_disagreements() -> None:
    """Each photo counts once; a photo that one model could not decode counts for none."""
    first = evaluation(["daisy", "daisy", "rose", "rose", None])
    second = evaluation(["daisy", "rose", "daisy", "rose", "daisy"])
    found = compare_evaluations(first, second)
    assert found == Comparison(
        4,
        1,
        1,
        1,
        1,
        1.0,
        [Disagreement("daisy/1.jpg", "daisy", "daisy", "rose"), Disagreement("daisy/2.jpg", "daisy", "rose", "daisy")],
        [],
    )
    assert (found.first_accuracy, found.second_accuracy) == (0.5, 0.5)


@given(st.integers(0, 12), st.integers(0, 12))
def test_p_value_is_that_of_fair_coins(only_first: int, only_second: int) -> None:
    """The exact test: how often fair coins fall at least as unevenly as the photos did."""
    first = evaluation(["daisy"] * only_first + ["rose"] * only_second + ["daisy"])
    second = evaluation(["rose"] * only_first + ["daisy"] * only_second + ["daisy"])
    coins, fewer = only_first + only_second, min(only_first, only_second)
    expected = min(1.0, 2 * sum(comb(coins, heads) for heads in range(fewer + 1)) / 2**coins)
    assert compare_evaluations(first, second).p_value == pytest.approx(expected)


def test_nothing_to_compare() -> None:
    """Where no photo was evaluated by both there is nothing to say."""
    with pytest.raises(DatasetError, match="no photo was evaluated by both"):
        compare_evaluations(evaluation([None, "daisy"]), evaluation(["daisy", None]))


def test_the_command(options: RetrainOptions, trainer: Command) -> None:
    """A model is as good as itself: no photo is named differently, and the command says so in both forms."""
    retrain_all(options, TerminalProgress())
    arguments = ("compare", options.output, options.output, options.folder)
    done = trainer(*arguments)
    assert done.returncode == 0, done.stderr
    assert "McNemar's exact test: p = 1; the difference may be chance" in done.stdout
    printed = json.loads(trainer(*arguments, "--json").stdout)
    assert (printed["only_first"], printed["only_second"], printed["p_value"]) == (0, 0, 1.0)
    assert printed["photos"] == printed["both"] + printed["neither"] == 4
    assert printed["disagreements"] == []


def test_other_splits_are_told(options: RetrainOptions, trainer: Command, tmp_path: Path) -> None:
    """Models of different splits may have trained on each other's test photos: a message says so."""
    other = dataclasses.replace(options, output=tmp_path / "other.tflite", ratios=options.ratios._replace(seed=7))
    retrain_all(options, TerminalProgress())
    retrain_all(other, TerminalProgress())
    done = trainer("compare", options.output, other.output, options.folder)
    assert "the second may have been trained on these photos" in done.stderr
    assert (
        "may have been trained"
        not in trainer("compare", options.output, other.output, options.folder, "--split", "all").stderr
    )
