"""The head: softmax regression by L-BFGS, its penalty chosen on the validation set."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from edge.errors import DatasetError
from support.blobs import blobs
from trainer.bottlenecks.labelled import Labelled
from trainer.head.fit import HeadFit, fit_head
from trainer.head.linear import Head, accuracy, cross_entropy, softmax
from trainer.head.penalty import L2_GRID

SEEDS = st.integers(0, 10_000)

FIT_SCRIPT = """
import hashlib, sys
import numpy as np
from trainer.head.calibration import calibrate
from trainer.bottlenecks.labelled import Labelled
from trainer.head.fit import fit_head
random = np.random.default_rng(0)
labels = np.arange(300) % 12
features = random.normal(size=(300, 1024)) + random.normal(size=(12, 1024))[labels] / 2
assert "scipy" not in sys.modules
training, validation = (Labelled(features[part], labels[part]) for part in (slice(200), slice(200, 300)))
head = calibrate(fit_head(training, validation, 12).head, validation, 0.95).head
print(hashlib.sha256(head.weights.tobytes() + head.bias.tobytes()).hexdigest())
"""


def objective(parameters: np.ndarray, data: Labelled, labels: int, l2: float) -> float:
    """The documented objective on standardised features, written down independently of the module."""
    mean, deviation = data.features.mean(0, dtype=np.float64), data.features.std(0, dtype=np.float64)
    standard = (data.features - mean) / deviation
    weights, bias = parameters[:-labels].reshape(-1, labels), parameters[-labels:]
    logits = standard @ weights + bias
    log_probabilities = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    loss = -log_probabilities[np.arange(len(logits)), data.labels].mean()
    return float(loss + l2 / 2 * (weights**2).sum())


def standardised(fit: HeadFit, data: Labelled) -> np.ndarray:
    """The fitted head's parameters for standardised features, as one vector."""
    mean, deviation = data.features.mean(0, dtype=np.float64), data.features.std(0, dtype=np.float64)
    weights = fit.head.weights * deviation[:, np.newaxis]
    return np.concatenate([weights.ravel(), fit.head.bias + mean @ fit.head.weights])


@given(SEEDS)
@settings(max_examples=20)
def test_separable_problem_is_solved(seed: int) -> None:
    """Clouds far apart are distinguished, on the training points and on points never seen."""
    training, validation, unseen = blobs(seed), blobs(seed + 1), blobs(seed + 2)
    head = fit_head(training, validation, 3).head
    assert accuracy(head.logits(training.features), training.labels) == 1.0
    assert accuracy(head.logits(unseen.features), unseen.labels) >= 0.98
    assert cross_entropy(head.logits(unseen.features), unseen.labels) < 0.1


@given(SEEDS, st.integers(2, 5), st.integers(1, 6))
@settings(max_examples=15)
def test_fit_is_a_minimum_of_the_documented_objective(seed: int, labels: int, features: int) -> None:
    """By finite differences the objective is flat at the fitted head, and rises whichever way one goes."""
    training = blobs(seed, 40, features, labels, distance=1.5)
    fit = fit_head(training, blobs(seed + 1, 40, features, labels, distance=1.5), labels, 2000)
    found = standardised(fit, training)
    gradient = approx_fprime(found, objective, 1e-6, training, labels, fit.l2)
    assert np.abs(gradient).max() < 2e-3
    lowest = objective(found, training, labels, fit.l2)
    random = np.random.default_rng(seed)
    for _ in range(5):
        assert objective(found + random.normal(0, 0.05, found.shape), training, labels, fit.l2) > lowest


def test_l2_is_the_one_with_the_lowest_validation_loss() -> None:
    """No other strength on the way there does better on the validation set, and the strength matters."""
    chosen = set()
    for seed, distance in [(1, 0.5), (2, 1.5), (3, 5.0)]:
        training, validation = blobs(seed, 60, 8, 3, distance), blobs(seed + 100, 300, 8, 3, distance)
        fit = fit_head(training, validation, 3)
        assert fit.l2 in L2_GRID
        losses = {}
        for l2 in L2_GRID:
            best = minimise(training, l2)
            losses[l2] = validation_loss(best, training, validation)
        position = L2_GRID.index(fit.l2)
        for neighbour in L2_GRID[max(0, position - 2) : position + 3]:
            assert losses[fit.l2] <= losses[neighbour] + 1e-3
        assert fit.steps[-1].validation_cross_entropy == pytest.approx(losses[fit.l2], abs=1e-3)
        chosen.add(fit.l2)
    assert len(chosen) == 3


def minimise(training: Labelled, l2: float) -> np.ndarray:
    """The documented objective, minimised by SciPy with a numerical gradient."""
    from scipy.optimize import minimize

    start = np.zeros((training.features.shape[1] + 1) * 3)
    return minimize(objective, start, (training, 3, l2), method="BFGS", options={"gtol": 1e-5}).x


def validation_loss(parameters: np.ndarray, training: Labelled, validation: Labelled) -> float:
    """The cross entropy on the validation set, which is standardised as the training set is."""
    mean, deviation = training.features.mean(0, dtype=np.float64), training.features.std(0, dtype=np.float64)
    weights, bias = parameters[:-3].reshape(-1, 3), parameters[-3:]
    return cross_entropy((validation.features - mean) / deviation @ weights + bias, validation.labels)


@given(st.integers(2, 7))
@settings(max_examples=6)
def test_first_step_knows_nothing(labels: int) -> None:
    """Training begins at the cross entropy of guessing, ln(labels), on both sets."""
    fit = fit_head(blobs(1, 70, 4, labels), blobs(2, 70, 4, labels), labels)
    assert fit.steps[0].training_cross_entropy == pytest.approx(math.log(labels), abs=1e-12)
    assert fit.steps[0].validation_cross_entropy == pytest.approx(math.log(labels), abs=1e-12)


def test_steps_fall_and_end_at_the_limit() -> None:
    """Each iteration is a step whose loss is no higher; there are never more than asked for."""
    training, validation = blobs(1, 90, 20, 3, 1.0), blobs(2, 90, 20, 3, 1.0)
    for most in (1, 3, 500):
        fit = fit_head(training, validation, 3, most)
        assert 2 <= len(fit.steps) <= most + 1
        assert fit.steps[-1].training_cross_entropy < fit.steps[0].training_cross_entropy
    assert fit.steps[-1].training_accuracy > fit.steps[0].training_accuracy
    assert len(fit.steps) > 4


def test_same_bottlenecks_give_the_same_head() -> None:
    """Two fits agree to the last bit."""
    first, second = (fit_head(blobs(1, 200, 48), blobs(2, 60, 48), 3) for _ in range(2))
    assert first.head.weights.tobytes() == second.head.weights.tobytes()
    assert first.head.bias.tobytes() == second.head.bias.tobytes()
    assert (first.l2, first.steps) == (second.l2, second.steps)


def test_same_head_on_any_number_of_cores(run_python) -> None:
    """Processes that may use one thread, two and four agree to the last bit, the first use of SciPy included."""
    said = [run_python("-c", FIT_SCRIPT, env={"OPENBLAS_NUM_THREADS": threads}) for threads in "124"]
    assert [done.stderr for done in said] == [""] * 3
    assert len({done.stdout for done in said}) == 1
    assert len(said[0].stdout) == 65


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 1])
def test_bottleneck_that_is_no_number_is_refused(value: float, position: int) -> None:
    """A backbone gone wrong ends in one line, not in a head of NaN."""
    sets = [blobs(1), blobs(2)]
    sets[position].features[3, 2] = value
    with pytest.raises(DatasetError, match="a bottleneck is not a finite number"):
        fit_head(sets[0], sets[1], 3)


@given(SEEDS, st.floats(-500, 500))
def test_softmax_sums_to_one_and_ignores_a_common_shift(seed: int, shift: float) -> None:
    """Probabilities are those of the differences, however large the logits."""
    logits = np.random.default_rng(seed).normal(0, 10, (6, 4))
    probabilities = softmax(logits)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(probabilities, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), atol=1e-12)
    assert np.allclose(softmax(logits + shift), probabilities, atol=1e-9)


def test_measures_on_a_case_done_by_hand() -> None:
    """Accuracy counts the largest logit; cross entropy is in nats and survives huge logits."""
    logits = np.array([[math.log(3), 0.0], [0.0, 0.0], [1000.0, 0.0]])
    labels = np.array([0, 1, 0])
    assert accuracy(logits, labels) == pytest.approx(2 / 3)
    assert cross_entropy(logits, labels) == pytest.approx((math.log(4 / 3) + math.log(2) + 0) / 3)
    assert Head(np.array([[1.0, 2.0]]), np.array([0.5, 0.0])).logits(np.array([[3.0]])).tolist() == [[3.5, 6.0]]
