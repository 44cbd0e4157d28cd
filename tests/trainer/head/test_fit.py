"""The head: softmax regression by L-BFGS, its penalty chosen on the validation set."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from edge.errors import DatasetError
from trainer.bottlenecks.labelled import Labelled
from trainer.head import fit as fit_module
from trainer.head.fit import (
    DEFAULT_STEPS,
    L2_GRID,
    Head,
    HeadFit,
    accuracy,
    balanced_weights,
    cross_entropy,
    fit_again,
    fit_head,
    refit_head,
    softmax,
)
from trainer.head.standardisation import feature_deviation

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


def blobs(seed: int, photos: int = 60, features: int = 5, labels: int = 3, distance: float = 6.0) -> Labelled:
    """Clouds of points, one a label, whose centres are ``distance`` deviations out on one axis each.

    With fewer features than labels some clouds lie on top of each other. Two seeds are two samples of one problem.
    """
    centres = distance * np.eye(labels, features)
    random = np.random.default_rng([seed, 7])
    index = np.arange(photos) % labels
    return Labelled((centres[index] + random.normal(size=(photos, features))).astype(np.float32), index)


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


def test_equal_class_weights_change_nothing() -> None:
    """Only the ratio of the weights matters: three for every class is as good as none."""
    training, validation = blobs(1, distance=2), blobs(2, distance=2)
    plain, weighted = (
        fit_head(training, validation, 3),
        fit_head(training, validation, 3, class_weights=np.full(3, 3.0)),
    )
    assert weighted.l2 == plain.l2
    np.testing.assert_allclose(weighted.head.weights, plain.head.weights, rtol=1e-6, atol=1e-9)


def test_balanced_weights() -> None:
    """Each class' photos weigh as much together as any other's, and the mean weight of a photo is 1."""
    labels = np.array([0] * 8 + [1] * 2)
    weights = balanced_weights(labels, 2)
    assert weights.tolist() == [10 / 16, 10 / 4]
    assert weights[labels].mean() == 1.0


def test_class_weights_help_the_rare_class() -> None:
    """Of two overlapping clouds the rare one is hardly ever answered, until all classes have the same influence."""
    random = np.random.default_rng(3)

    def clouds(common: int, rare: int) -> Labelled:
        labels = np.array([0] * common + [1] * rare)
        return Labelled(random.normal(size=(common + rare, 3)) + 1.2 * labels[:, np.newaxis], labels)

    training, validation, unseen = clouds(300, 15), clouds(200, 10), clouds(500, 500)
    recall = {}
    for name, weights in (("plain", None), ("balanced", balanced_weights(training.labels, 2))):
        head = fit_head(training, validation, 2, class_weights=weights).head
        answers = head.logits(unseen.features).argmax(axis=1)
        recall[name] = [float((answers[unseen.labels == label] == label).mean()) for label in (0, 1)]
    assert recall["plain"][1] < 0.5 < 0.75 < recall["balanced"][1]
    assert recall["balanced"][0] > 0.75


@given(SEEDS, st.integers(-8, 8), st.integers(-64, 64))
@settings(max_examples=20)
def test_scaling_and_shifting_the_features_changes_no_score(seed: int, exponent: int, shift: int) -> None:
    """Standardisation is folded back: features in other units give another head with the same scores."""
    training, validation = blobs(seed, distance=2), blobs(seed + 1, distance=2)

    def moved(data: Labelled) -> Labelled:
        return data._replace(features=data.features.astype(np.float64) * 2.0**exponent + shift)

    plain, other = fit_head(training, validation, 3), fit_head(moved(training), moved(validation), 3)
    logits = plain.head.logits(validation.features), other.head.logits(moved(validation).features)
    losses = [cross_entropy(each, validation.labels) for each in logits]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    if other.l2 == plain.l2:  # if two penalties are equally good, the last digits choose one
        assert np.abs(softmax(logits[0]) - softmax(logits[1])).max() < 1e-3


def test_folded_head_gives_the_recorded_scores() -> None:
    """The last step, recorded on standardised features, is what the folded head gives on raw ones."""
    training, validation = blobs(4, distance=1), blobs(5, distance=1)
    fit = fit_head(training, validation, 3)
    last = fit.steps[-1]
    for data, right, loss in (
        (training, last.training_accuracy, last.training_cross_entropy),
        (validation, last.validation_accuracy, last.validation_cross_entropy),
    ):
        assert accuracy(fit.head.logits(data.features), data.labels) == right
        assert cross_entropy(fit.head.logits(data.features), data.labels) == pytest.approx(loss, abs=1e-9)


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


def test_dead_features_get_no_weight() -> None:
    """A feature that never moves neither divides by zero nor decides anything."""
    training, validation = blobs(1), blobs(2)
    dead = [
        Labelled(np.c_[data.features, np.full(60, 3.0), np.zeros(60)], data.labels) for data in (training, validation)
    ]
    fit, plain = fit_head(*dead, 3), fit_head(training, validation, 3)
    assert np.isfinite(fit.head.weights).all()
    assert np.abs(fit.head.weights[-2:]).max() < 1e-9
    assert (
        np.abs(softmax(fit.head.logits(dead[1].features)) - softmax(plain.head.logits(validation.features))).max()
        < 0.05
    )


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


def test_refitted_head_is_near_the_fitted_one() -> None:
    """With the same penalty on standardised features it gives nearly the same scores, from any first head."""
    training, validation = blobs(1), blobs(2)
    fit = fit_head(training, validation, 3)
    mean, deviation = training.features.mean(axis=0), feature_deviation(training.features)
    standard = Labelled((training.features - mean) / deviation, training.labels)
    head = refit_head(standard, 3, fit.l2, 500)
    again = refit_head(standard, 3, fit.l2, 500, start=head)
    expected = softmax(fit.head.logits(validation.features))
    for found in (head, again):
        scores = softmax(found.logits((validation.features - mean) / deviation))
        assert np.abs(scores - expected).max() < 0.05


@pytest.mark.parametrize("floor", [0.1, 0.3])
def test_deviation_has_a_floor(floor: float) -> None:
    """A nearly dead feature counts as if it varied by a share of what features usually vary; the others stay."""
    signs = np.tile([1.0, -1.0], 10)[:, np.newaxis]
    found = feature_deviation(signs * [2.0, 0.0, 1.0, 0.02, 4.0, 0.5, 3.0], floor)
    np.testing.assert_allclose(found, [2, floor, 1, floor, 4, 0.5, 3], rtol=1e-8)


def test_nearly_dead_features_count_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit of a feature does not matter, until it varies by less than 0.3 of what features usually vary."""
    monkeypatch.setattr(fit_module, "L2_GRID", (0.3,))
    training, validation = blobs(1, 80, 6, 3, 1.5), blobs(2, 80, 6, 3, 1.5)
    effects = []
    for unit in (1.0, 0.5, 0.15):
        units = np.array([1, 1, unit, 1, 1, 1])
        parts = [Labelled(part.features * units, part.labels) for part in (training, validation)]
        effects.append(np.abs(fit_head(*parts, 3).head.weights[2]).max() * unit)
    assert effects[1] == pytest.approx(effects[0], rel=1e-3)
    assert effects[2] < 0.8 * effects[0]


def test_fit_again_is_the_fit_with_the_penalty_that_was_found() -> None:
    """On the same photos, bit for bit; on more photos another head."""
    training, validation = blobs(1, 60, distance=2), blobs(2, 60, distance=2)
    fit = fit_head(training, validation, 3, class_weights=np.array([1.0, 2.0, 3.0]))
    again = fit_again(training, 3, fit.l2, DEFAULT_STEPS, np.array([1.0, 2.0, 3.0]))
    assert again.weights.tobytes() == fit.head.weights.tobytes()
    assert again.bias.tobytes() == fit.head.bias.tobytes()
    both = Labelled(
        np.concatenate([training.features, validation.features]), np.concatenate([training.labels, validation.labels])
    )
    more = fit_again(both, 3, fit.l2, DEFAULT_STEPS)
    assert np.abs(more.weights - fit.head.weights).max() > 1e-3


def test_fit_again_refuses_what_is_not_finite() -> None:
    """As the fit does."""
    training = blobs(1)
    training.features[3, 2] = np.nan
    with pytest.raises(DatasetError, match="not a finite number"):
        fit_again(training, 3, 0.1, 10)
