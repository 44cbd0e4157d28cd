"""The loss in parts is the loss of the whole, with the same bits on any number of cores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.bottlenecks.labelled import Labelled
from trainer.head import training_loss as module
from trainer.head.fit import fit_head
from trainer.head.linear import cross_entropies, softmax
from trainer.head.training_loss import TrainingLoss, training_loss
from trainer.one_thread import one_thread

SHAPES = st.tuples(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 9), st.integers(1, 12))


def case(seed: int, photos: int, values: int, labels: int) -> tuple[np.ndarray, ...]:
    """Features, labels, shares, weights and bias."""
    random = np.random.default_rng(seed)
    shares = random.uniform(0.1, 1, photos)
    return (
        random.normal(0, 1, (photos, values)),
        random.integers(0, labels, photos),
        shares / shares.sum(),
        random.normal(0, 2, (values, labels)),
        random.normal(0, 1, labels),
    )


def in_parts(arguments: tuple[np.ndarray, ...], size: int, cores: int) -> TrainingLoss:
    """The loss if a part has at most ``size`` scores and the process may use ``cores`` cores."""
    with pytest.MonkeyPatch.context() as patch, one_thread():
        patch.setattr(module, "PART_SCORES", size)
        patch.setattr(module, "available_cores", lambda: cores)
        return training_loss(*arguments)


@given(SHAPES)
@settings(max_examples=40)
def test_loss_is_the_cross_entropy_and_its_gradient(shape: tuple[int, int, int, int]) -> None:
    """Losses are those of the logits; the gradient is features' (softmax - one hot), each photo times its share."""
    features, labels, shares, weights, bias = case(*shape)
    found = training_loss(features, labels, shares, weights, bias)
    logits = features @ weights + bias
    residual = (softmax(logits) - np.eye(len(bias))[labels]) * shares[:, np.newaxis]
    np.testing.assert_allclose(found.losses, cross_entropies(logits, labels), atol=1e-12)
    np.testing.assert_allclose(found.weights_gradient, features.T @ residual, atol=1e-12)
    np.testing.assert_allclose(found.bias_gradient, residual.sum(axis=0), atol=1e-12)
    assert found.right.tolist() == (logits.argmax(axis=1) == labels).tolist()


@given(SHAPES, st.integers(1, 200))
@settings(max_examples=40)
def test_parts_add_up_to_the_whole(shape: tuple[int, int, int, int], size: int) -> None:
    """Whatever the size of a part, the losses keep their order and the gradient is that of the whole."""
    arguments = case(*shape)
    whole, parts = training_loss(*arguments), in_parts(arguments, size, 2)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_number_of_cores_changes_no_bit() -> None:
    """One, two and five cores give the same bytes."""
    arguments = case(5, 300, 40, 11)
    first, *others = (in_parts(arguments, 11 * 64, cores) for cores in (1, 2, 5))
    for other in others:
        for one, same in zip(first, other, strict=True):
            assert np.asarray(one).tobytes() == np.asarray(same).tobytes()


def test_head_fitted_in_parts_is_the_same_head() -> None:
    """A set that is large enough for parts gets the head of the whole, to a thousandth of its largest weight."""
    random = np.random.default_rng(1)
    labels = np.arange(400) % 8
    features = random.normal(size=(400, 20)) + 2 * random.normal(size=(8, 20))[labels]
    training, validation = (Labelled(features[part], labels[part]) for part in (slice(250), slice(250, 400)))
    whole = fit_head(training, validation, 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PART_SCORES", 8 * 60)
        parts = fit_head(training, validation, 8)
    assert parts.l2 == whole.l2
    largest = np.abs(whole.head.weights).max()
    np.testing.assert_allclose(parts.head.weights, whole.head.weights, atol=largest / 1000)
    assert parts.steps[-1] == pytest.approx(whole.steps[-1], abs=1e-4)


def test_single_precision_is_near_and_returns_doubles() -> None:
    """Features in float32 give the loss within a millionth or so, in float64."""
    features, *others = case(3, 200, 30, 7)
    exact, coarse = training_loss(features, *others), training_loss(features.astype(np.float32), *others)
    for one, other in zip(exact[2:], coarse[2:], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert coarse.losses.dtype == coarse.weights_gradient.dtype == coarse.bias_gradient.dtype == np.float64


def test_doubt_is_zero_if_all_photos_are_sure() -> None:
    """Two labels that are equally likely differ every other time; with huge weights they never do."""
    features, labels, shares, weights, bias = case(3, 200, 30, 2)
    assert training_loss(features, labels, shares, 0 * weights, 0 * bias).doubt == pytest.approx(0.5)
    assert training_loss(features, labels, shares, 1e6 * weights, bias).doubt == pytest.approx(0, abs=1e-3)
