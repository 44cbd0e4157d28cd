"""The learning curve: nested shares of groups, its points, and what it says of more photos."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.bottlenecks.labelled import Labelled
from trainer.head.folds import Folds
from trainer.head.learning_curve import LEAST_INDEPENDENT, LearningCurve, learning_curve, summarize
from trainer.head.shares import SHARES, nested_shares

PHOTOS = np.array([10.0, 20.0, 30.0, 40.0])


def clouds(groups: int, distance: float = 2.0, copies: int = 1, values: int = 20) -> Labelled:
    """``groups`` groups of ``copies`` equal photos of each of three classes: noise around the centre of the class."""
    truths = np.arange(groups * 3) % 3
    features = distance * np.eye(3, values)[truths] + np.random.default_rng(0).normal(size=(len(truths), values))
    numbers = np.repeat(np.arange(len(truths)), copies) if copies > 1 else None
    return Labelled(np.repeat(features, copies, axis=0), np.repeat(truths, copies), numbers)


def parts_of(data: Labelled) -> npt.NDArray[np.intp]:
    """Five parts, each with all classes; groups stay together."""
    numbers = np.arange(len(data.labels)) if data.groups is None else data.groups
    return numbers // 3 % 5


def curve_of(data: Labelled, seed: int = 0, counted: npt.NDArray[np.bool_] | None = None) -> LearningCurve | None:
    """The curve of three classes."""
    return learning_curve(Folds(data, parts_of(data), 5, labels=3, max_steps=100, counted=counted), 0.1, seed)


def answers(probabilities: npt.NDArray[np.float64], photos: int, seed: int) -> npt.NDArray[np.float64]:
    """1 for a right label, else 0: (photos, shares); a photo that is right with few photos is right with more."""
    return (np.random.default_rng(seed).random((photos, 1)) < probabilities).astype(np.float64)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), min_size=1, max_size=80),
    st.integers(0, 3),
    st.data(),
)
def test_shares_are_nested_with_whole_groups(members: list[tuple[int, int]], seed: int, data: st.DataObject) -> None:
    """Each share has whole groups of the training photos, contains the share before, and the last one is all."""
    labels, numbers = (np.array(column, np.intp) for column in zip(*members, strict=True))
    photos = Labelled(np.zeros((len(labels), 1)), labels, numbers)
    left_out = data.draw(st.sampled_from([None, *sorted(set(numbers.tolist()))]))
    training = numbers != left_out if left_out is not None else np.ones(len(numbers), bool)
    shares = list(nested_shares(photos, training, 3, [seed]))
    again = list(nested_shares(photos, training, 3, [seed]))
    assert all((one == other).all() for one, other in zip(shares, again, strict=True))
    assert (shares[-1] == training).all()
    for smaller, larger in pairwise(shares):
        assert (larger | ~smaller).all()
    for chosen in shares:
        assert not set(numbers[chosen]) & set(numbers[training & ~chosen])
        assert set(numbers[chosen]) <= set(numbers[training])


def test_shares_are_of_each_class() -> None:
    """A quarter of the groups of each class, at least one; another seed chooses others."""
    labels = np.repeat([0, 1, 2], [40, 12, 2])
    data = Labelled(np.zeros((54, 1)), labels, None)
    first, *_ = nested_shares(data, np.ones(54, bool), 3, [0])
    assert np.bincount(labels[first]).tolist() == [10, 3, 1]
    other, *_ = nested_shares(data, np.ones(54, bool), 3, [1])
    assert (first != other).any()


def test_accuracy_grows_with_photos_and_is_the_same_again() -> None:
    """On clouds that overlap, more photos help; the same seed gives the same curve, another seed other choices."""
    data = clouds(60)
    first, again, other = curve_of(data), curve_of(data), curve_of(data, seed=1)
    assert first is not None and again is not None and other is not None
    assert [point.share for point in first.points] == list(SHARES)
    assert [point.photos_per_class for point in first.points] == [12, 24, 36, 48]
    assert {point.independent for point in first.points} == {180}
    accuracies = [point.accuracy for point in first.points]
    assert accuracies[0] + 0.03 < accuracies[-1] < 0.95
    assert first.points == again.points != other.points
    # All photos leave no choice; only the loosely fitted heads that they are fitted from differ.
    assert abs(first.points[-1].right - other.points[-1].right) <= 1
    assert 0 <= first.gain.low < first.gain.expected < first.gain.high


def test_groups_count_as_one_photo() -> None:
    """Copies of each photo change neither the number of photos nor the accuracy beyond the noise of the fits."""
    alone, copied = curve_of(clouds(60)), curve_of(clouds(60, copies=4))
    assert alone is not None and copied is not None
    assert [point.photos_per_class for point in copied.points] == [12, 24, 36, 48]
    assert [point.independent for point in copied.points] == [180] * 4
    assert copied.points[-1].accuracy == pytest.approx(alone.points[-1].accuracy, abs=0.01)
    assert copied.gain.high - copied.gain.low > 0.02  # not as if there were four times the photos


def test_photos_are_evaluated_by_heads_that_never_saw_them() -> None:
    """Labels that mean nothing are guessed, with any number of photos."""
    data = clouds(60, distance=0.0)
    curve = curve_of(data)
    assert curve is not None
    assert all(0.2 < point.accuracy < 0.47 for point in curve.points)


def test_far_clouds_have_a_flat_curve() -> None:
    """If all photos are labelled correctly with a quarter of the photos, more of them bring nothing."""
    curve = curve_of(clouds(40, distance=30.0, values=3))
    assert curve is not None
    assert [point.accuracy for point in curve.points] == [1.0] * 4
    assert curve.gain == (0, 0, 0) and curve.weak == []


def test_too_few_independent_photos_have_no_curve() -> None:
    """The mean number of groups of the classes that count decides; copies do not help."""
    assert curve_of(clouds(LEAST_INDEPENDENT)) is not None
    assert curve_of(clouds(LEAST_INDEPENDENT - 1, copies=3)) is None
    data = clouds(LEAST_INDEPENDENT)
    assert curve_of(data, counted=np.zeros(len(data.labels), bool)) is None


def test_classes_that_do_not_count_train_only() -> None:
    """Their photos are in no point, and their recall is not a number."""
    data = clouds(60)
    curve = curve_of(data, counted=data.labels != 2)
    assert curve is not None
    assert {point.independent for point in curve.points} == {120}
    assert np.isnan(curve.recalls[2]).all() and not np.isnan(curve.recalls[:2]).any()


def test_gain_of_a_known_curve() -> None:
    """If the error is 0.1 + 0.1 / sqrt(share), twice the photos bring 0.1 * (1 - 1 / sqrt(2))."""
    rows = np.tile(0.9 - 0.1 * np.array(SHARES) ** -0.5, (300, 1))
    curve = summarize(Labelled(np.zeros((300, 1)), np.arange(300) % 3), rows, PHOTOS, 3)
    expected = 0.1 * (1 - 2**-0.5)
    assert curve.gain.expected == pytest.approx(expected)
    assert 0.015 < curve.gain.low < expected < curve.gain.high < 0.045
    assert curve.points[0] == (0.25, 10, pytest.approx(300 * 0.7), 300)


@pytest.mark.parametrize("exponent", [0.25, 0.5, 1.0])
def test_interval_holds_the_gain(exponent: float) -> None:
    """For each exponent between the ends, the interval holds the true gain in at least 19 of 20 samples."""
    probabilities = 0.9 - 0.1 * np.array(SHARES) ** -exponent
    true = 0.1 * (1 - 2**-exponent)
    data = Labelled(np.zeros((600, 1)), np.arange(600) % 3)
    gains = [summarize(data, answers(probabilities, 600, seed), PHOTOS, 3).gain for seed in range(200)]
    assert sum(gain.low <= true <= gain.high for gain in gains) >= 190


def test_a_curve_that_falls_promises_nothing() -> None:
    """The gain is never below 0, and the error of the forecast neither."""
    data = Labelled(np.zeros((90, 1)), np.arange(90) % 3)
    falls = summarize(data, np.tile([0.9, 0.8, 0.7, 0.6], (90, 1)), PHOTOS, 3)
    assert falls.gain == (0, 0, 0)
    steep = summarize(data, np.tile([0.1, 0.5, 0.9, 0.99], (90, 1)), PHOTOS, 3)
    assert steep.gain == pytest.approx((0.01 * (1 - 2**-0.5), 0.01 * (1 - 2**-0.25), 0.01 * (1 - 2**-1)))


def shape_of(*recalls: list[float], seed: int = 0) -> LearningCurve:
    """The curve of classes with these recalls at the shares, 150 photos each."""
    rows = np.concatenate([answers(np.array(recall), 150, seed + place) for place, recall in enumerate(recalls)])
    labels = np.repeat(np.arange(len(recalls)), 150)
    return summarize(Labelled(np.zeros((len(labels), 1)), labels), rows, PHOTOS, len(recalls))


HIGH, WEAK_AND_RISING, WEAK_AND_FLAT = [0.9, 0.91, 0.92, 0.92], [0.4, 0.5, 0.6, 0.65], [0.6] * 4


@pytest.mark.parametrize(
    ("recalls", "weak"),
    [
        ([HIGH, WEAK_AND_RISING, HIGH], [1]),
        ([HIGH, WEAK_AND_FLAT, HIGH], []),
        ([[0.5, 0.6, 0.7, 0.75]] * 4, []),
        ([HIGH] * 6 + [WEAK_AND_RISING, [0.2, 0.3, 0.4, 0.45]], [7, 6]),
        ([HIGH] * 12 + [WEAK_AND_RISING] * 5, 3),
    ],
)
def test_weak_classes_are_below_the_others_and_rise(recalls: list[list[float]], weak: list[int] | int) -> None:
    """The lowest comes first, at most three; a class that more photos do not help is not named."""
    found = shape_of(*recalls).weak
    assert (len(found) if isinstance(weak, int) else found) == weak
    assert all(label >= 12 for label in found) or isinstance(weak, list)


def test_chance_names_no_class() -> None:
    """Among equal classes that all rise, a class is named in fewer than one of 20 samples."""
    named = [bool(shape_of(*[[0.7, 0.74, 0.76, 0.78]] * 5, seed=10 * seed).weak) for seed in range(100)]
    assert sum(named) < 5


def test_one_class_alone_is_not_weak() -> None:
    """With one class there is nothing to compare it with."""
    data = Labelled(np.zeros((30, 1)), np.zeros(30, np.intp))
    curve = summarize(data, np.tile([0.1, 0.2, 0.3, 0.4], (30, 1)), PHOTOS, 2)
    assert curve.weak == [] and math.isnan(curve.recalls[1, 0])
