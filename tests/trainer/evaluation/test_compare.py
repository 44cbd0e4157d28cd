"""Is one model really better than another?"""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DatasetError
from support.evaluations import evaluation_of
from support.surgery import without_known_photos
from trainer.evaluation.compare import Comparison, Disagreement, compare_evaluations
from trainer.evaluation.evaluate import Evaluation
from trainer.photos.dataset import Dataset
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.terminal.progress_bars import TerminalProgress

Command = Callable[..., "subprocess.CompletedProcess[str]"]
LABELS = ("daisy", "rose")


def evaluation(answers: list[str | None], groups: list[str] | None = None) -> Evaluation:
    """A model that gave these answers for photos that are all daisies; None is a photo it could not decode."""
    return evaluation_of(LABELS, [("daisy", answer) for answer in answers], groups)


def test_counts_and_disagreements() -> None:
    """Each photo counts once; a photo that one model could not decode counts for none."""
    first = evaluation(["daisy", "daisy", "rose", "rose", None])
    second = evaluation(["daisy", "rose", "daisy", "rose", "daisy"])
    found = compare_evaluations(first, second)
    assert found == Comparison(
        photos=4,
        independent=4,
        both=1,
        only_first=1,
        only_second=1,
        neither=1,
        first_better=1,
        second_better=1,
        first_accuracy=0.5,
        second_accuracy=0.5,
        p_value=1.0,
        disagreements=[
            Disagreement("daisy/1.jpg", "daisy", "daisy", "rose"),
            Disagreement("daisy/2.jpg", "daisy", "rose", "daisy"),
        ],
        skipped=[],
    )


@given(st.integers(0, 12), st.integers(0, 12))
def test_p_value_is_that_of_fair_coins(only_first: int, only_second: int) -> None:
    """The exact test: how often fair coins fall at least as unevenly as the photos did."""
    first = evaluation(["daisy"] * only_first + ["rose"] * only_second + ["daisy"])
    second = evaluation(["rose"] * only_first + ["daisy"] * only_second + ["daisy"])
    coins, fewer = only_first + only_second, min(only_first, only_second)
    expected = min(1.0, 2 * sum(comb(coins, heads) for heads in range(fewer + 1)) / 2**coins)
    assert compare_evaluations(first, second).p_value == pytest.approx(expected)


def test_a_group_is_one_witness() -> None:
    """Nine shots of one scene speak once: for the model that labels more of them correctly, or for none."""
    scene = ["a"] * 9 + ["b"] * 2 + ["c"]
    first = evaluation(["daisy"] * 8 + ["rose"] + ["daisy", "rose"] + ["rose"], scene)
    second = evaluation(["rose"] * 8 + ["daisy"] + ["rose", "daisy"] + ["rose"], scene)
    found = compare_evaluations(first, second)
    assert (found.photos, found.only_first, found.only_second) == (12, 9, 2)
    assert (found.independent, found.first_better, found.second_better, found.p_value) == (3, 1, 0, 1.0)
    assert found.first_accuracy == pytest.approx((8 / 9 + 1 / 2) / 3)
    assert found.second_accuracy == pytest.approx((1 / 9 + 1 / 2) / 3)
    alone = compare_evaluations(evaluation(["daisy"] * 9), evaluation(["rose"] * 9))
    assert alone.is_significant
    together = compare_evaluations(evaluation(["daisy"] * 9, ["a"] * 9), evaluation(["rose"] * 9, ["a"] * 9))
    assert not together.is_significant


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("abcd")), min_size=1, max_size=20))
def test_exchanging_the_models_exchanges_the_counts(photos: list[tuple[bool, bool, str]]) -> None:
    """Whatever the groups are, neither order of the models is favoured."""
    groups = [group for _, _, group in photos]
    answers = [[("rose", "daisy")[right[place]] for right in photos] for place in (0, 1)]
    there = compare_evaluations(evaluation(answers[0], groups), evaluation(answers[1], groups))
    back = compare_evaluations(evaluation(answers[1], groups), evaluation(answers[0], groups))
    assert (there.first_better, there.second_better) == (back.second_better, back.first_better)
    assert (there.first_accuracy, there.second_accuracy) == (back.second_accuracy, back.first_accuracy)
    assert there.p_value == back.p_value


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
    """Models that do not know their photos may have trained on each other's test photos: a message says so."""
    other = dataclasses.replace(options, output=tmp_path / "other.tflite", ratios=options.ratios._replace(seed=7))
    for each in (options, other):
        retrain_all(each, TerminalProgress())
        each.output.write_bytes(without_known_photos(each.output.read_bytes()))
    done = trainer("compare", options.output, other.output, options.folder)
    assert "the second may have been trained on these photos" in done.stderr
    assert (
        "may have been trained"
        not in trainer("compare", options.output, other.output, options.folder, "--split", "all").stderr
    )


def test_photos_that_one_model_has_seen_are_not_compared(
    options: RetrainOptions, trainer: Command, tmp_path: Path
) -> None:
    """Of models of different splits, the photos are compared that are test photos of both."""
    other = dataclasses.replace(options, output=tmp_path / "other.tflite", ratios=SplitRatios(20, 50, seed=7))
    [first], [second] = retrain_all(options, Progress()), retrain_all(other, Progress())
    both = {photo.relative for photo in first.dataset.of("test")} & {p.relative for p in second.dataset.of("test")}
    assert 0 < len(both) < 4
    done = trainer("compare", options.output, other.output, options.folder, "--json")
    printed = json.loads(done.stdout)
    assert (printed["photos"], printed["independent"]) == (len(both), len(both))
    assert [seen["photos"] for seen in printed["seen"]] == [36, 36]
    assert printed["seen"][0] == {"photos": 36, "trained": 24, "chosen": 8, "dependent": 0}
    assert "24 of these 36 photos trained the first model, 8 chose its settings: not compared" in done.stderr
    assert "photos trained the second model" in done.stderr
    everything = trainer("compare", options.output, other.output, options.folder, "--split", "all", "--json")
    assert json.loads(everything.stdout)["photos"] == 36
    assert "24 of these 36 photos trained the first model, 8 chose its settings: its figure is too good" in (
        everything.stderr
    )


def test_no_photo_is_left_to_compare(options: RetrainOptions, trainer: Command, tmp_path: Path) -> None:
    """If each photo was seen by one of the models, one line says so."""
    retrain_all(options, Progress())
    for photo in Dataset.from_folder(options.folder, validation_percentage=20, testing_percentage=20).of("test"):
        photo.path.unlink()
    done = trainer("compare", options.output, options.output, options.folder)
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr == (
        "trainer: no photo is left to evaluate: 24 of these 32 photos trained the first model, 8 chose its settings; "
        "24 of these 32 photos trained the second model, 8 chose its settings; give photos that are new to the first "
        "model and the second model, or --split all to evaluate these all the same\n"
    )


def test_only_classes_of_both_models_are_compared(options: RetrainOptions, trainer: Command, tmp_path: Path) -> None:
    """A model of two classes and one of three are compared on the two."""
    fewer = tmp_path / "fewer"
    shutil.copytree(options.folder, fewer)
    shutil.rmtree(fewer / "red")
    two = dataclasses.replace(options, folder=fewer, output=tmp_path / "two.tflite")
    retrain_all(options, Progress())
    retrain_all(two, Progress())
    done = trainer("compare", two.output, options.output, options.folder, "--json", "--split", "all")
    printed = json.loads(done.stdout)
    assert (printed["photos"], printed["classes_not_evaluated"]) == (24, {"red": 12})
    assert "not both models have a label for red: 12 photos not evaluated" in done.stderr
