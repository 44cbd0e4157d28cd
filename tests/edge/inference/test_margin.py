"""The margin: one picture is judged as many are, whatever its bottleneck is made of."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import Classifier
from edge.inference.distance import Distance
from edge.inference.gate import SMALLEST_SCORE, Gate, among_themselves, load_gate
from edge.inference.interpreter import dequantize, installed_runtimes
from edge.inference.margin import best_score, margin_of_one
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from edge.preprocess import preprocess
from support import surgery
from support.gated import GATED, noisy

HALF = np.array([0.5], np.float32)


def real(features: int) -> TensorSpec:
    """A bottleneck of real numbers."""
    return TensorSpec("bottleneck", (1, features), np.dtype(np.float32), 0.0, 0)


def hand_made(**changes: object) -> Gate:
    """Two prototypes along the first two of four features."""
    prototypes = np.array([[127, 0, 0, 0], [0, 127, 0, 0]], np.int8)
    return Gate(np.array([1, 1, 2, 4], np.float32), prototypes, 1 / 127, 2, 3, 5)._replace(**changes)


def test_threshold_itself_is_let_through() -> None:
    """A familiarity of just the threshold is accepted, one below is not."""
    gate = hand_made(confidence_weight=0.0, threshold=3.0)
    features = np.array([[1, 0, 0, 0]], np.float32)
    assert margin_of_one(gate, real(4), None)(features, HALF) == 0
    assert margin_of_one(gate._replace(threshold=3.001), real(4), None)(features, HALF) < 0


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 3e38])
@pytest.mark.filterwarnings("error")
def test_a_bottleneck_that_is_no_number(value: float) -> None:
    """A picture with a bottleneck that is infinite or not a number is rejected, without a warning on stderr."""
    margin = margin_of_one(hand_made(threshold=-1e9), real(4), None)(np.array([[value, 1, 1, 1]], np.float32), HALF)
    assert (margin >= 0) is math.isfinite(value)
    whole = load_gate(ModelFile.load(GATED))
    features = len(whole.deviation)
    assert margin_of_one(whole, real(features), None)(np.full((1, features), value, np.float32), HALF) == -math.inf


@pytest.mark.parametrize("scale", [0.0, 0.03])
def test_one_picture_is_judged_as_many_are(scale: float) -> None:
    """In single precision, of 8 bits and of real numbers, with a distance and without."""
    whole = load_gate(ModelFile.load(GATED))
    assert whole.distance is not None
    random = np.random.default_rng(0)
    features = len(whole.deviation)
    tensor = real(features)._replace(scale=scale, zero_point=-100, dtype=np.dtype(np.int8)) if scale else real(features)
    spread = random.uniform(0.1, 4, (200, 1)) * whole.deviation
    values = np.maximum(random.normal(whole.distance.mean, spread), 0).astype(np.float32)
    if scale:
        values = np.rint(values / scale - 100).clip(-128, 127).astype(np.int8)
    scores = random.uniform(0, 1, (200, 1)).astype(np.float32)
    for gate in (whole, whole._replace(distance=None)):
        margin = margin_of_one(gate, tensor, None)
        margins = [margin(values[at : at + 1], scores[at]) for at in range(200)]
        expected = gate.familiarity(dequantize(values, tensor), scores[:, 0]) - gate.least
        assert margins == pytest.approx(expected, abs=1e-3, rel=1e-4)


def test_axes_along_which_the_rest_varies_more() -> None:
    """The variance of an axis may be larger or smaller than that of the rest, or the same."""
    axes = np.array([[127, 0, 0, 0], [0, 127, 0, 0], [0, 0, 127, 0]], np.int8)
    variances = np.array([0.5, 8, 2], np.float32)
    distance = Distance(np.ones(4, np.float32), axes, 1 / 127, variances, 2.0, -1.0, 2.0, 0.0)
    gate = hand_made(distance=distance)
    bottlenecks = np.random.default_rng(0).normal(1, 3, (20, 4)).astype(np.float32)
    margin = margin_of_one(gate, real(4), None)
    margins = [margin(bottlenecks[at : at + 1], HALF) for at in range(20)]
    assert margins == pytest.approx(gate.familiarity(bottlenecks, np.full(20, 0.5)), abs=1e-4)


def test_zeros_have_no_direction() -> None:
    """A bottleneck of zeros, which has no length to divide by, is near no prototype."""
    assert margin_of_one(hand_made(), real(4), None)(np.zeros((1, 4), np.float32), HALF) == -5


def test_a_bottleneck_of_many_features() -> None:
    """Each prototype may have more of them than one thread multiplies at once."""
    random = np.random.default_rng(0)
    prototypes = random.integers(-127, 128, (2, 9_500)).astype(np.int8)
    gate = Gate(np.ones(9_500, np.float32), prototypes, 1 / 127, 2, 3, 5)
    bottleneck = random.exponential(1, (1, 9_500)).astype(np.float32)
    expected = gate.familiarity(bottleneck, np.array([0.5]))[0] - gate.least
    assert margin_of_one(gate, real(9_500), None)(bottleneck, HALF) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_the_gate_is_asked_about_the_classes_among_themselves(runtime: str) -> None:
    """The label of the rest of the world takes no part: what it takes from the scores of the classes is given back."""
    facts = {"label": "red", "photos": 0, "directions": 800, "drawings": 64, "source": "random"}
    model = ModelFile.from_bytes(surgery.with_facts(GATED.read_bytes(), unknown=facts))
    classifier, gate = Classifier(model, reject=True, runtime=runtime), load_gate(model)
    interpreter = classifier._interpreter
    for picture in (noisy("blue", 3), noisy("red", 3)):
        found = classifier.gated_scores(picture)
        among = among_themselves(interpreter.scores(preprocess(picture, model.input_size))[np.newaxis, :2])
        assert interpreter.bottleneck is not None
        bottleneck = dequantize(interpreter.read_bottleneck(), interpreter.bottleneck)
        expected = gate.familiarity(bottleneck, among.max(axis=1)) - gate.least
        assert found.familiarity == pytest.approx(expected[0], abs=1e-3)


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=6), st.data())
def test_the_best_of_the_classes_of_one_picture(scores: list[float], data: st.DataObject) -> None:
    """It is the best of what they are among themselves, wherever the other label stands; else the best of all."""
    unknown = data.draw(st.integers(0, len(scores) - 1))
    all_of_them = np.array(scores, np.float32)
    among = among_themselves(np.delete(all_of_them, unknown))
    assert best_score(all_of_them, unknown) == pytest.approx(float(among.max()), abs=1e-6)
    assert best_score(all_of_them, None) == max(scores)


@pytest.mark.filterwarnings("error")
def test_numbers_of_a_file_that_make_no_sense() -> None:
    """A scale or a distance that overflows, and scores that are not numbers, let nothing through, without a warning."""
    whole, eight_bits = load_gate(ModelFile.load(GATED)), np.dtype(np.int8)
    assert whole.distance is not None
    picture = np.full((1, len(whole.deviation)), 127, np.int8)
    tensor = real(len(whole.deviation))._replace(dtype=eight_bits, scale=1e30)
    assert margin_of_one(whole, tensor, None)(picture, HALF) == -math.inf
    distance = whole.distance._replace(mean=np.full_like(whole.distance.mean, 1e9), rest=1e-9)
    far = whole._replace(distance=distance, deviation=np.full_like(whole.deviation, 1e-9))
    assert margin_of_one(far, tensor._replace(scale=0.1), None)(picture, HALF) < 0
    for unknown in (None, 1):
        scores = np.array([math.nan, 0.5], np.float32)
        assert margin_of_one(whole, tensor._replace(scale=0.1), unknown)(picture, scores) == -math.inf


def test_one_step_is_no_sure_answer() -> None:
    """If the classes have one step of an 8-bit score together, the best of them is not sure; of nothing it is 0."""
    assert best_score(np.array([1 / 256, 0, 1], np.float32), 2) == pytest.approx(0.5)
    assert best_score(np.array([0, 0, 1], np.float32), 2) == 0
    assert best_score(np.array([1, 0, 0], np.float32), 2) == pytest.approx(1 - SMALLEST_SCORE)
