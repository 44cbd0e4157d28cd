"""The patterns of a self-test: their scores must depend little on how an interpreter rounds."""

from __future__ import annotations

import numpy as np
import pytest

from edge.inference.classifier import Classifier
from edge.modelfile.model_file import ModelFile
from support.paths import DATA
from trainer.export import self_test_patterns
from trainer.export.self_test_patterns import FIRST_SEED, steady_seed


@pytest.fixture
def classifier() -> Classifier:
    """The tiny int8 model, on LiteRT."""
    return Classifier(ModelFile.load(DATA / "tiny-int8.tflite"), runtime="litert")


def test_the_first_patterns_do_if_both_ways_to_round_agree(classifier: Classifier) -> None:
    """The tiny model is so shallow that every interpreter gives the same scores, within a step or two."""
    assert steady_seed(classifier, 0.05) == FIRST_SEED


def test_later_patterns_are_taken_if_the_first_ones_differ(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first seed within the limit; if there is none, the one with the smallest difference."""
    differences = {1: 0.2, 2: 0.11, 3: 0.04, 4: 0.01}
    patterns = {seed: self_test_patterns.make_patterns(seed, classifier.model.input_size) for seed in range(1, 17)}
    of = {pattern.tobytes(): seed for seed, made in patterns.items() for pattern in made}

    class Other:
        def __init__(self, model: ModelFile) -> None:
            pass

        def scores(self, pattern: np.ndarray) -> np.ndarray:
            return classifier.scores(pattern) + np.float32(differences.get(of[pattern.tobytes()], 0.3))

    monkeypatch.setattr(self_test_patterns, "_PlainInterpreter", Other)
    assert steady_seed(classifier, 0.05) == 3
    assert steady_seed(classifier, 0.001) == 4
