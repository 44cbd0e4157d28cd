"""The head in integers stays close to the head in floats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.modelfile.structure import TensorSpec
from trainer.bottlenecks.labelled import Labelled
from trainer.export.quantized_head import (
    LARGEST_FACTOR,
    SOFTMAX_SCALE,
    QuantizedHead,
    feature_factors,
    multiply_features,
    quantize_head,
)
from trainer.head.fit import fit_head
from trainer.head.linear import Head, accuracy, softmax

BOTTLENECK = TensorSpec("bottleneck", (1, 64), np.dtype(np.int8), 6 / 255, -128)
"""What MobileNet's int8 artifacts end in: values from 0 to 6."""

SHAPES = st.tuples(st.integers(0, 10_000), st.integers(2, 12), st.floats(0.05, 4))


def case(seed: int, labels: int, spread: float) -> tuple[Head, np.ndarray]:
    """A head and int8 bottlenecks whose logits have about the given spread, like those of trained heads."""
    random = np.random.default_rng(seed)
    quantized = np.minimum(random.exponential(30, (50, 64)), 255).astype(np.int16) - 128
    weights = random.normal(0, spread / 8, (64, labels))
    return Head(weights, random.normal(0, 1, labels)), quantized.astype(np.int8)


def dequantized(quantized: np.ndarray) -> np.ndarray:
    """The real numbers of int8 bottlenecks."""
    return ((quantized.astype(np.float32) + 128) * np.float32(BOTTLENECK.scale)).astype(np.float32)


def integer_scores(head: QuantizedHead, quantized: np.ndarray) -> np.ndarray:
    """The scores by the integer arithmetic of the TFLite quantization specification."""
    values = quantized.astype(np.int64) - BOTTLENECK.zero_point
    if head.factors is not None:
        values = (values * head.factors).clip(-128 - BOTTLENECK.zero_point, 127 - BOTTLENECK.zero_point)
    sums = values @ head.weights.T.astype(np.int64) + head.bias
    multiplier = BOTTLENECK.scale * head.weight_scale / head.logit_scale
    logits = np.clip(np.rint(sums * multiplier) + head.logit_zero_point, -128, 127)
    scores = softmax((logits - head.logit_zero_point) * head.logit_scale)
    return np.clip(np.rint(scores / SOFTMAX_SCALE), 0, 255) * SOFTMAX_SCALE


@given(SHAPES)
@settings(max_examples=60)
def test_integer_scores_stay_close_to_the_float_heads(shape: tuple[int, int, float]) -> None:
    """No score is off by more than 0.12, the mean by no more than 0.01; the best label stays but for near ties."""
    head, quantized = case(*shape)
    wanted = softmax(head.logits(dequantized(quantized)))
    scores = integer_scores(quantize_head(head, dequantized(quantized), BOTTLENECK), quantized)
    assert np.abs(scores - wanted).max() < 0.12
    assert np.abs(scores - wanted).mean() < 0.01
    best = np.sort(wanted, axis=1)
    clear = best[:, -1] - best[:, -2] > 0.15
    assert (scores.argmax(axis=1) == wanted.argmax(axis=1))[clear].all()


@given(SHAPES, st.floats(-50, 50), st.floats(-3, 3))
@settings(max_examples=40)
def test_what_all_labels_share_costs_no_precision(
    shape: tuple[int, int, float], bias_shift: float, weight_shift: float
) -> None:
    """A constant added to every label's weights or bias leaves the integers as they were."""
    head, quantized = case(*shape)
    shifted = Head(head.weights + weight_shift, head.bias + bias_shift)
    features = dequantized(quantized)
    plain, other = quantize_head(head, features, BOTTLENECK), quantize_head(shifted, features, BOTTLENECK)
    assert np.abs(plain.weights.astype(int) - other.weights).max() <= 1  # a rounding may fall the other way
    assert (plain.weights != other.weights).mean() < 0.01
    assert np.abs(integer_scores(plain, quantized) - integer_scores(other, quantized)).max() < 0.12


@given(SHAPES)
@settings(max_examples=40)
def test_numbers_are_within_what_the_kernels_take(shape: tuple[int, int, float]) -> None:
    """Symmetric int8 weights using their whole range, int32 bias, a zero point within int8, positive scales."""
    head, quantized = case(*shape)
    made = quantize_head(head, dequantized(quantized), BOTTLENECK)
    assert made.weights.dtype == np.int8
    assert made.weights.shape == (shape[1], 64)
    assert np.abs(made.weights.astype(int)).max() == 127
    assert made.bias.dtype == np.int32
    assert made.weight_scale == np.float32(made.weight_scale) > 0
    assert made.logit_scale == np.float32(made.logit_scale) > 0
    assert isinstance(made.logit_zero_point, int)
    assert -128 <= made.logit_zero_point <= 127


def test_head_of_zeros_is_undecided() -> None:
    """A head that knows nothing gives every label the same score, and no division by zero."""
    features = dequantized(np.zeros((4, 64), np.int8))
    made = quantize_head(Head(np.zeros((64, 4)), np.zeros(4)), features, BOTTLENECK)
    assert (integer_scores(made, np.zeros((4, 64), np.int8)) == 0.25).all()


def test_range_is_spent_where_labels_compete() -> None:
    """One label that is hopeless everywhere does not coarsen the steps between the others."""
    head, quantized = case(3, 5, 1.0)
    hopeless = Head(np.c_[head.weights, head.weights[:, 0]], np.r_[head.bias, -300.0])
    features = dequantized(quantized)
    wanted = softmax(hopeless.logits(features))
    scores = integer_scores(quantize_head(hopeless, features, BOTTLENECK), quantized)
    assert np.abs(scores - wanted).mean() < 0.01
    assert scores[:, -1].max() == 0


CLASSES, SHOTS = 150, 6


def many_classes(seed: int) -> tuple[Labelled, Labelled, Labelled]:
    """int8 bottlenecks of many classes that few features tell apart, dequantized: training, validation and test.

    Sixteen features are alive; the other 48 are zero but for one step in few classes, so that their weights are large.
    """
    random = np.random.default_rng(seed)
    rarely = random.random((CLASSES, 48)) < 10 ** random.uniform(-2.3, -0.7, 48)
    prototypes = np.concatenate([random.exponential(30, (CLASSES, 16)), rarely], axis=1)
    labels = np.repeat(np.arange(CLASSES), SHOTS)
    noise = random.normal(0, 1, (len(labels), 64)) * np.r_[np.full(16, 6.0), np.full(48, 0.2)]
    quantized = np.rint(prototypes[labels] + noise).clip(0, 255).astype(np.int16) - 128
    shot = np.arange(len(labels)) % SHOTS
    features = dequantized(quantized)
    return tuple(Labelled(features[part], labels[part]) for part in (shot < 3, shot == 3, shot > 3))


@pytest.mark.parametrize("seed", range(4))
def test_many_classes_lose_nothing_to_eight_bits(seed: int) -> None:
    """The int8 head names unseen photos of 150 classes as the float head does, within 0.5 points.

    The weights of nearly dead features make one scale so coarse that without factors a third gets wrong labels.
    """
    training, validation, test = many_classes(seed)
    head = fit_head(training, validation, CLASSES).head
    samples = np.concatenate([training.features, validation.features])
    made = quantize_head(head, samples, BOTTLENECK)
    raw = np.rint(test.features / BOTTLENECK.scale).astype(np.int16) - 128
    scores, wanted = integer_scores(made, raw), head.logits(test.features)
    assert accuracy(wanted, test.labels) > 0.98
    assert accuracy(scores, test.labels) >= accuracy(wanted, test.labels) - 0.005
    assert (scores.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.99
    coarse = quantize_head(head, samples, BOTTLENECK._replace(zero_point=127))  # no room for factors
    assert coarse.factors is None
    assert accuracy(integer_scores(coarse, raw), test.labels) < 0.7


@given(st.integers(0, 10_000), st.integers(2, 40), st.floats(1, 100))
@settings(max_examples=40)
def test_outliers_of_nearly_dead_features_cost_no_precision(seed: int, labels: int, outlier: float) -> None:
    """Weights of up to 100 times the others' on features of 0 to 3 steps leave the best label, but for near ties."""
    head, quantized = case(seed, labels, 1.0)
    random = np.random.default_rng(seed)
    quantized[:, :8] = random.integers(0, 4, (50, 8)) - 128
    head.weights[:8] *= outlier
    features = dequantized(quantized)
    made = quantize_head(head, features, BOTTLENECK)
    wanted, scores = softmax(head.logits(features)), integer_scores(made, quantized)
    assert np.abs(scores - wanted).mean() < 0.02
    best = np.sort(wanted, axis=1)
    clear = best[:, -1] - best[:, -2] > 0.15
    assert (scores.argmax(axis=1) == wanted.argmax(axis=1))[clear].all()


@given(st.integers(0, 10_000), st.integers(-128, 127), st.floats(0, 3))
@settings(max_examples=60)
def test_factors_make_the_largest_weight_small_and_clip_no_sample(seed: int, zero_point: int, spread: float) -> None:
    """Factors are whole, from 1 to 63, none beyond its use; multiplied samples stay in the range of their tensor."""
    random = np.random.default_rng(seed)
    tensor = BOTTLENECK._replace(zero_point=zero_point)
    raw = np.rint(random.normal(0, 20, (30, 64)) * 10 ** random.uniform(-2, 0, 64)).clip(
        -128 - zero_point, 127 - zero_point
    )
    features = (raw * tensor.scale).astype(np.float32)
    weights = random.normal(0, 1, (64, 5)) * 10 ** random.uniform(0, spread, (64, 1))
    factors = feature_factors(weights, features, tensor)
    assert factors.dtype == np.int8
    assert factors.min() >= 1
    assert factors.max() <= LARGEST_FACTOR
    multiplied = multiply_features(features, factors, tensor)
    np.testing.assert_allclose(multiplied, features * factors, rtol=1e-5, atol=1e-6)
    largest = np.abs(weights).max(axis=1)
    goal = (largest / factors).max()
    assert goal <= largest.max()
    needless = (factors > 1) & (largest / np.maximum(factors - 1, 1) <= goal * (1 - 1e-9))
    assert not needless.any()


def test_plain_head_has_no_factors() -> None:
    """Heads without outliers need no further operator: their integers are those without factors."""
    for seed in range(5):
        head, quantized = case(seed, 5, 1.0)
        assert quantize_head(head, dequantized(quantized), BOTTLENECK).factors is None
