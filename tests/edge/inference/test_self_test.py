"""The self-test: inputs that are the same everywhere, and what counts as passing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge import Classifier, ModelFile
from edge.errors import ModelError
from edge.inference.self_test import (
    PATTERNS,
    SelfTestResult,
    make_patterns,
    pattern_scores,
    require_self_test,
    run_self_test,
)
from edge.modelfile.manifest import SelfTest
from support import surgery


def _expecting(self_test: SelfTest) -> Classifier:
    model = ModelFile.from_bytes(surgery.tiny("int8"))
    assert model.manifest is not None
    return Classifier(replace(model, manifest=replace(model.manifest, self_test=self_test)))


def test_patterns_are_the_same_bytes_everywhere() -> None:
    """The inputs are pinned: a device must make the very pictures that the workstation made."""
    patterns = make_patterns(1, (32, 32))
    assert [(pattern.shape, pattern.dtype) for pattern in patterns] == [((32, 32, 3), np.uint8)] * PATTERNS
    assert hashlib.sha256(b"".join(pattern.tobytes() for pattern in patterns)).hexdigest() == (
        "1292630f1abd14fe03d5c2a710d52ed08d932e95df321bb777beb36537ee19d7"
    )


def test_patterns_go_from_areas_to_texture() -> None:
    """The pictures have 2, 4, 8 and 16 tiles along an edge, each tile of one colour."""
    for pattern, tiles in zip(make_patterns(7, (32, 32)), (2, 4, 8, 16), strict=True):
        side = 32 // tiles
        corners = pattern[::side, ::side]
        assert np.array_equal(pattern, corners.repeat(side, 0).repeat(side, 1))
        assert len(np.unique(corners.reshape(-1, 3), axis=0)) > tiles


def test_seeds_and_sizes() -> None:
    """Another seed makes other pictures; (width, height) becomes (height, width, 3)."""
    assert not np.array_equal(make_patterns(1, (32, 32))[0], make_patterns(2, (32, 32))[0])
    assert [pattern.shape for pattern in make_patterns(1, (40, 24))] == [(24, 40, 3)] * PATTERNS


def test_a_sound_model_passes(any_model: Path) -> None:
    """Here the models compute what they computed on LiteRT, with the tolerance for this runtime."""
    classifier = Classifier.load(any_model)
    result = run_self_test(classifier)
    assert result.passed
    assert result.largest_difference < 1 / 255
    rounds_otherwise = classifier.runtime != "litert" and "int8" in any_model.name
    assert result.tolerance == pytest.approx(0.1 if rounds_otherwise else 2 / 255)


def test_a_device_that_computes_otherwise_fails(classifier: Classifier) -> None:
    """A score that is off by more than the tolerance fails the test, and the difference is in the result."""
    scores = pattern_scores(classifier, 1)
    assert scores.shape == (PATTERNS, 3)
    scores[2, 1] += 0.25
    result = run_self_test(_expecting(SelfTest(1, scores.tolist())))
    assert (result.passed, result.largest_difference) == (False, pytest.approx(0.25))


def test_nan_never_passes() -> None:
    """A score that is not a number fails, though no comparison with it is true."""
    result = run_self_test(_expecting(SelfTest(1, [[float("nan")] * 3] * PATTERNS)))
    assert (result.passed, result.largest_difference) == (False, float("inf"))


@pytest.mark.parametrize(
    "expected", [[], [[0.5, 0.5]] * PATTERNS, [[1.0, 0.0, 0.0]], [[1.0], [0.5, 0.5]], [["a"] * 3] * 4]
)
def test_expectations_that_do_not_fit(expected: list[list[float]]) -> None:
    """Scores for other outputs, or no scores at all, are a fault of the model file."""
    with pytest.raises(ModelError, match="does not fit its outputs"):
        run_self_test(_expecting(SelfTest(1, expected)))


def test_foreign_models_have_none() -> None:
    """A model of another project carries no self-test, and the error says so."""
    foreign = Classifier(ModelFile.from_bytes(surgery.Patient(surgery.tiny("int8")).foreign().content))
    with pytest.raises(ModelError, match="carries no self-test"):
        run_self_test(foreign)


@pytest.mark.parametrize(("difference", "passed"), [(0.0, True), (0.5, True), (0.51, False), (float("inf"), False)])
def test_the_tolerance_itself_passes(difference: float, passed: bool) -> None:
    """A difference equal to the tolerance is allowed."""
    assert SelfTestResult(difference, 0.5, "litert").passed is passed


def test_another_interpreter_has_its_own_tolerance() -> None:
    """Scores that come from another interpreter than the workstation's are held to the wider tolerance."""
    classifier = _expecting(SelfTest(1, [[0.0] * 3] * PATTERNS))
    scores = pattern_scores(classifier, 1).tolist()
    same = run_self_test(_expecting(SelfTest(1, scores, classifier.runtime, 0.01, 0.2)))
    other = run_self_test(_expecting(SelfTest(1, scores, "elsewhere", 0.01, 0.2)))
    assert (same.tolerance, other.tolerance) == (0.01, 0.2)


def test_a_foreign_model_must_only_compute_numbers() -> None:
    """A model of another project has no self-test to require; its scores need only be numbers."""
    foreign = surgery.Patient(surgery.tiny("float32")).foreign()
    assert require_self_test(Classifier(ModelFile.from_bytes(foreign.content))) is None


def test_a_foreign_model_whose_scores_are_not_numbers() -> None:
    """A model of another project is refused if a weight that is not a number makes its scores so."""
    foreign = surgery.Patient(surgery.tiny("float32")).foreign()
    bias = list(foreign.model.tables(4))[foreign.tensor("head/bias").integer(surgery.BUFFER, np.uint32)]
    foreign.set_item(bias, 0, "3f", *[float("nan")] * 3)
    classifier = Classifier(ModelFile.from_bytes(foreign.content))
    with pytest.raises(ModelError, match="the model's scores are not numbers for this picture"):
        require_self_test(classifier)
