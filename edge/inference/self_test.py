"""The self-test: does this device compute what the workstation computed?"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ModelError
from edge.inference.classifier import Classifier
from edge.inference.gate import load_gate
from edge.preprocess import Pixels

PATTERNS = 4
"""How many inputs a self-test has."""

_TILES = (2, 4, 8, 16)  # tiles along an edge, from broad areas of colour to texture


class SelfTestResult(NamedTuple):
    """The largest difference of any score from the workstation's, the largest allowed, and the runtime in use."""

    largest_difference: float
    tolerance: float
    runtime: str

    @property
    def passed(self) -> bool:
        """Whether the device computes what the workstation computed."""
        return self.largest_difference <= self.tolerance

    def require_passed(self) -> None:
        """Raise :class:`~edge.errors.ModelError` if the device does not compute what the workstation computed."""
        if not self.passed:
            raise ModelError(
                f"the self-test failed on {self.runtime} (largest difference {self.largest_difference:.4f}, allowed "
                f"{self.tolerance:.4f}): use another runtime, or export the model again"
            )


def make_patterns(seed: int, size: tuple[int, int]) -> list[Pixels]:
    """Chequered pictures of random colours for a model of (width, height) ``size``: uint8 (height, width, 3).

    Made from SHAKE-256 and integer arithmetic alone, so that they are the same bytes on every machine and
    with every release of numpy.
    """
    width, height = size
    patterns = []
    for index in range(PATTERNS):
        tiles = _TILES[index % len(_TILES)]
        stream = hashlib.shake_256(f"edge-for-poets {seed} {index}".encode()).digest(tiles * tiles * 3)
        colours = np.frombuffer(stream, np.uint8).reshape(tiles, tiles, 3)
        rows, columns = np.arange(height) * tiles // height, np.arange(width) * tiles // width
        patterns.append(np.ascontiguousarray(colours[rows][:, columns]))
    return patterns


def pattern_scores(classifier: Classifier, seed: int) -> npt.NDArray[np.float32]:
    """The scores for the patterns of ``seed``: shape (PATTERNS, labels), float32."""
    return np.stack([classifier.scores(pattern) for pattern in make_patterns(seed, classifier.model.input_size)])


def run_self_test(classifier: Classifier) -> SelfTestResult:
    """Run the self-test that the model carries.

    A delegate has kernels of its own, so it is allowed the difference of another interpreter.

    Raises :class:`~edge.errors.ModelError` if it carries none (models of other projects do not), or one that does not
    fit its outputs.
    """
    manifest = classifier.model.manifest
    if manifest is None:
        raise ModelError("the model carries no self-test: it was not made by trainer retrain or trainer adopt")
    scores = pattern_scores(classifier, manifest.self_test.seed)
    try:
        expected = np.asarray(manifest.self_test.expected, np.float32)
    except (ValueError, TypeError):  # rows of different lengths, or values that are not numbers
        expected = np.empty(0, np.float32)
    if expected.shape != scores.shape:
        raise ModelError("the model's self-test does not fit its outputs; export the model again")
    difference = float(np.abs(scores - expected).max())
    same = classifier.runtime == manifest.self_test.runtime and classifier.delegate is None
    tolerance = manifest.self_test.tolerance if same else manifest.self_test.other_tolerance
    return SelfTestResult(difference if np.isfinite(difference) else float("inf"), tolerance, classifier.runtime)


def require_self_test(classifier: Classifier) -> SelfTestResult | None:
    """Run the model's self-test; returns the result, None for a model that carries none.

    The scores of a model without a self-test must at least be numbers. If the model has a gate, it is read too.

    Raises :class:`~edge.errors.ModelError` if the model does not pass.
    """
    if classifier.model.manifest is None:
        pattern_scores(classifier, 0)
        return None
    if classifier.model.manifest.gate is not None:
        load_gate(classifier.model)
    result = run_self_test(classifier)
    result.require_passed()
    return result
