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
from edge.inference.gate import SMALLEST_SCORE, Gate, among_themselves, best_among_themselves, load_gate, log_odds
from edge.inference.interpreter import installed_runtimes
from edge.modelfile.gate_facts import GATE_NAME
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.preprocess import preprocess
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


def test_what_is_not_a_number_is_rejected() -> None:
    """A bottleneck that is not a number is rejected."""
    assert hand_made().margin(np.full(4, np.nan, np.float32), 1.0) == -math.inf


def test_threshold_itself_is_let_through() -> None:
    """A familiarity of just the threshold is accepted, one below is not."""
    gate = hand_made()._replace(confidence_weight=0.0, threshold=3.0)
    features = np.array([1, 0, 0, 0], np.float32)
    assert gate.margin(features, 0.5) == 0
    assert gate._replace(threshold=3.001).margin(features, 0.5) < 0


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


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 3e38])
@pytest.mark.filterwarnings("error")
def test_a_bottleneck_that_is_no_number(value: float) -> None:
    """A picture with a bottleneck that is infinite or not a number is rejected, without a warning on stderr."""
    bottleneck = np.array([value, 1, 1, 1], np.float32)
    margin = hand_made()._replace(threshold=-1e9).margin(bottleneck, 0.5)
    assert (margin >= 0) is math.isfinite(value)


def test_the_gate_is_asked_about_the_classes_among_themselves() -> None:
    """The label of the rest of the world takes no part: what it takes from the scores of the classes is given back."""
    facts = {"label": "red", "photos": 0, "directions": 800, "drawings": 64, "source": "random"}
    model = ModelFile.from_bytes(surgery.with_facts(GATED.read_bytes(), unknown=facts))
    classifier, gate = Classifier(model, reject=True), load_gate(model)
    for picture in (noisy("blue", 3), noisy("red", 3)):
        found = classifier.gated_scores(picture)
        total = max(float(found.scores[:2].sum()), 1e-9)
        among = np.minimum(found.scores[:2] / total, max(1 - SMALLEST_SCORE / total, 0))
        bottleneck = classifier._interpreter.scores_and_bottleneck(preprocess(picture, model.input_size))[1]
        assert found.familiarity == pytest.approx(gate.margin(bottleneck, float(among.max())), abs=1e-3)


def test_classes_that_have_little_together() -> None:
    """One step of an 8-bit score is no sure answer, nothing is none; if the classes have all, nothing changes."""
    scores = np.array([[1 / 256, 0], [0, 0], [0.25, 0.25], [1, 0], [0.75, 0.25]], np.float32)
    among = among_themselves(scores)
    assert among.max(axis=1).tolist() == pytest.approx([0.5, 0, 0.5, 1 - SMALLEST_SCORE, 0.75])
    assert log_odds(among[3:]).tolist() == log_odds(scores[3:]).tolist()


def test_one_picture_is_judged_as_many_are() -> None:
    """In single precision, with a distance and without: the margin is the familiarity less what the gate asks."""
    whole = load_gate(ModelFile.load(GATED))
    assert whole.distance is not None
    random = np.random.default_rng(0)
    spread = random.uniform(0.1, 4, (200, 1)) * whole.deviation
    bottlenecks = np.maximum(random.normal(whole.distance.mean, spread), 0).astype(np.float32)
    scores = random.uniform(0, 1, 200)
    for gate in (whole, whole._replace(distance=None)):
        margins = [gate.margin(features, score) for features, score in zip(bottlenecks, scores, strict=True)]
        assert margins == pytest.approx(gate.familiarity(bottlenecks, scores) - gate.least, abs=1e-3, rel=1e-4)


def test_a_bottleneck_of_many_features() -> None:
    """Each prototype may have more of them than one thread multiplies at once."""
    random = np.random.default_rng(0)
    prototypes = random.integers(-127, 128, (2, 9_500)).astype(np.int8)
    gate = Gate(np.ones(9_500, np.float32), prototypes, 1 / 127, 2, 3, 5)
    bottleneck = random.exponential(1, 9_500).astype(np.float32)
    expected = gate.familiarity(bottleneck[np.newaxis], np.array([0.5]))[0] - gate.least
    assert gate.margin(bottleneck, 0.5) == pytest.approx(expected, abs=1e-4)


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=6), st.data())
def test_the_best_of_the_classes_of_one_picture(scores: list[float], data: st.DataObject) -> None:
    """It is the best of what they are among themselves, wherever the other label stands."""
    unknown = data.draw(st.integers(0, len(scores) - 1))
    all_of_them = np.array(scores, np.float32)
    among = among_themselves(np.delete(all_of_them, unknown))
    assert best_among_themselves(all_of_them, unknown) == pytest.approx(float(among.max()), abs=1e-6)
