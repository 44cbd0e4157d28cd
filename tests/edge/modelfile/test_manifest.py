"""The manifest: the contract between trainer and edge."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.modelfile.manifest import MANIFEST_NAME, SCHEMA_VERSION, KnownPhotos, Manifest, SelfTest
from edge.modelfile.metadata import unpack_files
from edge.modelfile.provenance import Provenance
from edge.modelfile.unknown_facts import UnknownFacts
from support import surgery

MANIFEST = Manifest(
    architecture="mobilenet_0.25_128",
    quantization="int8",
    input_size=128,
    preprocessing_version=1,
    model_sha256="ab" * 32,
    labels_sha256="cd" * 32,
    minimum_runtime="1.14.0",
    photos={"rosé": {"training": 3}},
    accuracy=None,
    test_photos=0,
    training={"seed": 0},
    self_test=SelfTest(1, [[0.25, 0.75]]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def _altered(**fields: Any) -> str:
    return json.dumps({**json.loads(MANIFEST.to_json()), **fields})


def test_round_trip() -> None:
    """What is written is read back."""
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


def test_same_manifest_same_text() -> None:
    """The text does not depend on the order of the facts, and is plain ASCII."""
    one = replace(MANIFEST, training={"a": 1, "b": 2})
    other = replace(MANIFEST, training={"b": 2, "a": 1})
    assert one.to_json() == other.to_json()
    assert one.to_json().isascii()


def test_tolerance_is_two_steps_of_eight_bits() -> None:
    """A score may differ by 2 of 255 before the self-test fails."""
    assert SelfTest(1, []).tolerance == pytest.approx(2 / 255)


def test_the_manifest_of_a_real_model() -> None:
    """The tiny model's manifest names its architecture, its quantization and its photos, and no path."""
    text = unpack_files(surgery.tiny("int8")).files[MANIFEST_NAME].decode()
    manifest = Manifest.from_json(text)
    assert (manifest.architecture, manifest.quantization) == ("mobilenet_0.25_128", "int8")
    assert set(manifest.photos) == {"blue", "green", "red"}
    assert manifest.schema_version == SCHEMA_VERSION
    assert "/" not in text


def test_facts_of_a_later_release_are_passed_over() -> None:
    """A manifest with more facts, in the same schema, is read for those that are known."""
    later = _altered(novelty=True, self_test={"seed": 1, "expected": [[0.25, 0.75]], "patience": 3})
    assert Manifest.from_json(later) == MANIFEST


def test_score_threshold() -> None:
    """The recommended threshold is kept; a manifest written before it existed has none."""
    before = json.loads(MANIFEST.to_json())
    del before["score_threshold"]
    assert Manifest.from_json(json.dumps(before)).score_threshold is None
    assert Manifest.from_json(replace(MANIFEST, score_threshold=0.6).to_json()).score_threshold == 0.6


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({"independent_test_photos": 3}, 3),
        ({}, 9),
        ({"independent_test_photos": "3"}, 9),
        ({"independent_test_photos": True}, 9),
    ],
)
def test_independent_test_photos(training: dict[str, object], expected: int) -> None:
    """They are in the record of the training; a file that does not say counts all its test photos."""
    assert replace(MANIFEST, test_photos=9, training=training).independent_test_photos == expected


def test_known_photos() -> None:
    """What the manifest says of the hashes of photos is kept."""
    known = KnownPhotos("ef" * 32, training=24, validation=8)
    assert Manifest.from_json(replace(MANIFEST, known_photos=known).to_json()).known_photos == known


def test_newer_schema() -> None:
    """A model of a newer release asks for an upgrade, whatever else its manifest has."""
    with pytest.raises(ModelError, match=r"manifest version 2, known: 1\); upgrade edge-for-poets"):
        Manifest.from_json(_altered(schema_version=2, novelty=True, self_test=None))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"schema_version": 1}',
        _altered(self_test=None),
        _altered(self_test={"seed": 1}),
        _altered(score_threshold="high"),
        _altered(score_threshold=1.5),
        _altered(accuracy="high"),
        _altered(accuracy=True),
        _altered(accuracy=1.01),
        _altered(accuracy=float("nan")),
        _altered(test_photos="4"),
        _altered(test_photos=4.0),
        _altered(test_photos=-1),
        _altered(test_photos=True),
        _altered(photos=None),
        _altered(photos=["daisy"]),
        _altered(photos={"daisy": 3}),
        _altered(photos={"daisy": {"training": "3"}}),
        _altered(photos={"daisy": {"training": True}}),
        _altered(training=None),
        _altered(training=[["seed", 0]]),
        _altered(known_photos=[]),
        _altered(known_photos={"sha256": "ef"}),
        _altered(known_photos={"sha256": "ef", "training": "24", "validation": 8}),
        _altered(known_photos={"sha256": "ef", "training": 24, "validation": -8}),
        _altered(self_test={"seed": 1, "expected": [], "tolerance": "small"}),
        _altered(self_test={"seed": 1, "expected": [], "other_tolerance": None}),
        MANIFEST.to_json()[:-10],
        "[" * 100_000,
    ],
    ids=range(33),
)
def test_damaged(text: str) -> None:
    """A manifest is refused if it is cut off or incomplete, or if one of its values has a wrong type."""
    with pytest.raises(ModelError, match="manifest is damaged"):
        Manifest.from_json(text)


@given(st.text() | JSON.map(json.dumps))
def test_any_text(text: str) -> None:
    """Any other text is a ModelError, and no other error."""
    with pytest.raises(ModelError):
        Manifest.from_json(text)


@pytest.mark.parametrize(
    ("name", "value"), [("seed", "1"), ("seed", True), ("l2", []), ("weights", 5), ("steps", 1.5), ("final", 1)]
)
def test_training_of_another_type(name: str, value: object) -> None:
    """A value of the training that has another type is a damaged manifest; a value of None is no value."""
    with pytest.raises(ModelError, match=f"manifest is damaged \\({name} of its training\\)"):
        Provenance.read({name: value})
    assert Provenance.read({name: None}) == Provenance()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"minimum_runtime": -1}, "manifest is damaged"),
        ({"minimum_runtime": "1" * 5000}, "manifest is damaged"),
        ({"architecture": None}, "manifest is damaged"),
        ({"input_size": 1.5}, "manifest is damaged"),
        ({"labels_sha256": []}, "manifest is damaged"),
        ({"accuracy": 10**400}, "manifest is damaged"),
        ({"self_test": {"seed": 1, "expected": [[10**400]]}}, "manifest is damaged"),
        ({"self_test": {"seed": "1", "expected": []}}, "manifest is damaged"),
        (
            {"self_test": {"seed": 1, "expected": [], "tolerance": 9.0}},
            "allows scores to differ by 9, and 0.1 is the most",
        ),
        ({"self_test": {"seed": 1, "expected": [], "other_tolerance": 0.11}}, "differ by 0.11"),
    ],
)
def test_values_of_another_type_or_size(changes: dict[str, object], message: str) -> None:
    """Every field has its type, and a tolerance its largest value."""
    facts = {**json.loads(unpack_files(surgery.tiny()).files[MANIFEST_NAME]), **changes}
    with pytest.raises(ModelError, match=message):
        Manifest.from_json(json.dumps(facts))


def test_the_class_for_the_rest_of_the_world() -> None:
    """It is read back; a file without it stays as it was, and one of an older release has none."""
    facts = UnknownFacts("unknown", photos=3, directions=800, drawings=64, source="random", photos_sha256="0" * 64)
    manifest = replace(MANIFEST, unknown=facts)
    assert Manifest.from_json(manifest.to_json()).unknown == facts
    assert "unknown" not in json.loads(MANIFEST.to_json())
    assert Manifest.from_json(MANIFEST.to_json()).unknown is None


@pytest.mark.parametrize(
    "changes",
    [
        {"label": 5},
        {"photos": -1},
        {"photos": True},
        {"drawings": 1.5},
        {"source": 7},
        {"directions": None},
        {"photos_sha256": 7},
    ],
)
def test_a_damaged_class_for_the_rest_of_the_world(changes: dict[str, Any]) -> None:
    """Other types are refused, in one line."""
    facts = {"label": "unknown", "photos": 0, "directions": 0, "drawings": 64, "source": None, **changes}
    with pytest.raises(ModelError, match="damaged"):
        Manifest.from_json(_altered(unknown=facts))
    with pytest.raises(ModelError, match="damaged"):
        Manifest.from_json(_altered(unknown={"label": "unknown"}))
