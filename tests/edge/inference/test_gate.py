"""The gate: a picture that is like no class of the model is rejected, whatever the scores are."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import Classifier
from edge.errors import ConfigurationError, ModelError
from edge.inference.gate import SMALLEST_SCORE, Gate, among_themselves, load_gate, log_odds
from edge.inference.interpreter import installed_runtimes
from edge.modelfile.gate_facts import GATE_NAME
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from support import surgery
from support.colours import COLOURS
from support.gated import GATED, grey, noisy, repacked
from support.paths import DATA
from support.surgery import Patient

POSITIVE = st.lists(st.floats(0.125, 8, width=32), min_size=4, max_size=4)


def hand_made() -> Gate:
    """Two prototypes along the first two of four features."""
    return Gate(
        np.array([1, 1, 2, 4], np.float32), np.array([[127, 0, 0, 0], [0, 127, 0, 0]], np.int8), 1 / 127, 2, 3, 5
    )


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_other_pictures_are_rejected_and_classes_are_not(runtime: str) -> None:
    """On every interpreter noise without a colour is rejected, and colours are let through with their scores."""
    asked, plain_one = (Classifier.load(GATED, runtime=runtime, reject=reject) for reject in (True, False))
    for seed in range(10):
        assert asked.classify(grey(seed)).rejected is True
        for label in COLOURS:
            classification = asked.classify(noisy(label, seed))
            assert (classification.best.label, classification.rejected) == (label, False)
            assert classification.categories == plain_one.classify(noisy(label, seed)).categories
    assert plain_one.classify(grey(0)).rejected is None


def test_familiarity() -> None:
    """It is the weighted sum of the log odds of the best score and the cosine to the nearest prototype."""
    bottlenecks = np.array([[3, 0, 0, 0], [1, 0, 2, 0], [0, 0, 0, 0]], np.float32)
    familiarity = hand_made().familiarity(bottlenecks, np.array([0.5, 0.75, 0.5]))
    assert familiarity.tolist() == pytest.approx([3, 2 * math.log(3) + 3 / math.sqrt(2), 0], abs=1e-6)


def test_a_sure_score_is_worth_no_more_than_eight_bits_can_say() -> None:
    """Scores of 1 and 0, which have no finite odds, count as half a step of an 8-bit score from there."""
    familiarity = hand_made().familiarity(np.zeros((2, 4), np.float32), np.array([1.0, 0.0]))
    assert familiarity.tolist() == pytest.approx([2 * math.log(511), -2 * math.log(511)])


@given(POSITIVE, st.floats(0.125, 8, width=32), st.floats(0, 1))
def test_only_the_direction_of_a_bottleneck_counts(features: list[float], factor: float, score: float) -> None:
    """A bottleneck that is larger in all its features is as near as before."""
    bottlenecks = np.array([features, np.multiply(features, factor)], np.float32)
    one, other = hand_made().familiarity(bottlenecks, np.full(2, score))
    assert one == pytest.approx(other, abs=1e-5)


def test_model_without_a_gate() -> None:
    """To reject with a model that carries no gate is a matter of configuration, and the line says what to do."""
    with pytest.raises(ConfigurationError, match=r"carries no gate.*leave out --reject"):
        Classifier.load(DATA / "tiny-int8.tflite", reject=True)
    foreign = ModelFile.from_bytes(surgery.Patient(surgery.tiny()).foreign().content)
    with pytest.raises(ConfigurationError, match="carries no gate"):
        Classifier(foreign, reject=True)


@pytest.mark.parametrize("gate", [b"", b"x" * 1344, "flipped"])
def test_another_gate_file(gate: bytes | str) -> None:
    """A model whose gate file was cut off, replaced or damaged is refused."""
    if gate == "flipped":
        content = bytearray(unpack_files(GATED.read_bytes()).files[GATE_NAME])
        content[-1] ^= 1
        gate = bytes(content)
    with pytest.raises(ModelError, match="gate is not the one that was exported"):
        repacked(gate=gate)


@pytest.mark.parametrize("changes", [{"prototypes": 23}, {"features": 47}, {"features": 1 << 40}])
def test_facts_that_do_not_fit_the_file(changes: dict[str, object]) -> None:
    """Sizes that the packed file does not have are refused before anything is made of them."""
    with pytest.raises(ModelError, match="does not have the size that its manifest says"):
        load_gate(repacked(changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": "high"},
        {"threshold": math.nan},
        {"tensor": -1},
        {"tensor": 1.5},
        {"features": 0},
    ],
)
def test_damaged_facts(changes: dict[str, object]) -> None:
    """Facts of a gate that are no numbers, or impossible ones, are a damaged manifest."""
    with pytest.raises(ModelError, match="manifest is damaged"):
        repacked(changes)


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_a_bottleneck_of_another_size(runtime: str) -> None:
    """A model whose bottleneck is not as long as its file says is refused: here two operators copy the pixels."""
    patient = Patient(GATED.read_bytes())
    for index in (1, 2):
        patient.set_field(list(patient.graph.tables(3))[index], 0, "I", 0)
    flatbuffer = patient.content[: unpack_files(patient.content).flatbuffer_bytes]
    content = surgery.with_facts(patient.content, model_sha256=hashlib.sha256(flatbuffer).hexdigest())
    with pytest.raises(
        ModelError, match=f"^{runtime} (cannot run|failed while running|gives no bottleneck of) this model"
    ):
        Classifier(ModelFile.from_bytes(content), runtime=runtime, reject=True).classify(grey(0))


def test_classes_that_have_little_together() -> None:
    """One step of an 8-bit score is no sure answer, nothing is none; if the classes have all, nothing changes."""
    scores = np.array([[1 / 256, 0], [0, 0], [0.25, 0.25], [1, 0], [0.75, 0.25]], np.float32)
    among = among_themselves(scores)
    assert among.max(axis=1).tolist() == pytest.approx([0.5, 0, 0.5, 1 - SMALLEST_SCORE, 0.75])
    assert log_odds(among[3:]).tolist() == log_odds(scores[3:]).tolist()
