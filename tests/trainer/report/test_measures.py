"""Numbers counted from labels and scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.types import Category, Classification
from support.evaluations import evaluation_of, evaluation_with
from trainer.evaluation.interval import wilson_interval
from trainer.report.measures import (
    ClassMeasure,
    ConfusedPair,
    OperatingPoint,
    ScoredPhotos,
    are_probabilities,
    class_measures,
    confused_pairs,
    operating_curve,
    operating_point,
    scored_photos,
)

CONFUSION = np.array([[8, 2, 0, 0], [1, 5, 0, 0], [3, 0, 0, 0], [0, 0, 0, 0]])
LABELS = ("daisy", "rose", "tulip", "elsewhere")


def test_class_measures_count_rows_and_columns() -> None:
    """Recall is of the row, precision of the column; a class without photos and labels is left out."""
    daisy, rose, tulip = class_measures(evaluation_with(LABELS, CONFUSION))
    assert daisy == ClassMeasure("daisy", photos=10, labelled=12, right=8, recall=(8, 10), precision=(8, 12))
    assert (daisy.recall.share, daisy.precision.share) == (0.8, 8 / 12)
    assert (daisy.recall.interval, daisy.precision.interval) == (wilson_interval(8, 10), wilson_interval(8, 12))
    assert rose == ("rose", 6, 7, 5, (5, 6), (5, 7))
    assert (tulip.photos, tulip.recall.share, tulip.precision.share) == (3, 0.0, None)


def test_class_measures_count_a_group_as_one_photo() -> None:
    """Recall and precision weigh a group's photos of the class or label alone; the counts are of photos."""
    answers = [("daisy", "daisy"), ("daisy", "rose"), ("daisy", "rose"), ("rose", "rose"), ("daisy", "daisy")]
    daisy, rose = class_measures(evaluation_of(LABELS, answers, ["a", "a", "a", "a", "b"]))
    assert daisy == ("daisy", 4, 2, 2, (pytest.approx(1 / 3 + 1), 2), (2, 2))
    assert rose == ("rose", 1, 3, 1, (1, 1), (pytest.approx(1 / 3), 1))


def test_confused_pairs_are_the_most_frequent_first() -> None:
    """Only counts off the diagonal above 0; equal counts in the order of the labels."""
    assert confused_pairs(CONFUSION, LABELS) == [
        ConfusedPair("tulip", "daisy", 3),
        ("daisy", "rose", 2),
        ("rose", "daisy", 1),
    ]


def test_threshold_trades_coverage_for_precision() -> None:
    """Scores equal to the threshold or above it count."""
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.5, 0.5]])
    scored = ScoredPhotos([], scores, np.array([0, 1, 1, 0]))
    assert operating_point(scored, 0.0) == OperatingPoint(0.0, 1.0, 0.75)
    assert operating_point(scored, 0.7) == OperatingPoint(0.7, 0.5, 1.0)
    assert operating_point(scored, 0.95) == OperatingPoint(0.95, 0.0, None)
    curve = operating_curve(scored)
    assert (len(curve), curve[0].threshold, curve[-1].threshold) == (101, 0.0, 1.0)
    assert [point.coverage for point in curve] == sorted((point.coverage for point in curve), reverse=True)


def test_equal_labels_share_a_column() -> None:
    """Labels that are equal as Unicode says are one class: a photo has the larger of their scores in the first."""
    one = evaluation_of(("rose", "tulip"), [("rose", "rose"), ("tulip", "tulip")])
    both = replace(one, labels=("rose", "rose", "tulip"), confusion=np.diag([1, 0, 1]))
    results = [
        result._replace(classification=Classification(categories, 1.0))
        for result, categories in zip(
            one.results,
            [
                (Category(1, "rose", 0.5), Category(2, "tulip", 0.3), Category(0, "rose", 0.2)),
                (Category(2, "tulip", 0.8), Category(0, "rose", 0.15), Category(1, "rose", 0.05)),
            ],
            strict=True,
        )
    ]
    scored = scored_photos(replace(both, results=results))
    assert scored.scores.tolist() == [[0.5, 0, 0.3], [0.15, 0, 0.8]]
    assert scored.truths.tolist() == [0, 2]
    assert [entry.label for entry in class_measures(both)] == ["rose", "tulip"]


@pytest.mark.parametrize(
    ("score", "expected"), [(0.3, True), (1.0, True), (1.5, False), (-0.1, False), (np.nan, False)]
)
def test_logits_are_not_probabilities(score: float, expected: bool) -> None:
    """Scores outside 0 to 1 are not probabilities."""
    assert are_probabilities(np.array([[score, 0.2]])) is expected
