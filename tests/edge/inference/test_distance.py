"""The distance of a gate: far pictures lose familiarity, and damaged ones are refused."""

from __future__ import annotations

import hashlib
import math
import struct
from typing import Any

import numpy as np
import pytest

from edge.errors import ModelError
from edge.inference.distance import Distance, load_distance
from edge.inference.gate import load_gate
from edge.modelfile.gate_facts import DISTANCE_NAME
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from support.gated import GATED, repacked
from support.surgery import repack

DEVIATION = np.array([1, 2, 1], np.float32)
DISTANCE = Distance(
    mean=np.array([1, 2, 0], np.float32),
    axes=np.array([[127, 0, 0]], np.int8),
    axes_scale=1 / 127,
    variances=np.array([4], np.float32),
    rest=0.25,
    corner=-math.log(4),
    weight=2.0,
    threshold=0.0,
)


def changed(changes: dict[str, object], packed: bytes | None = None) -> ModelFile:
    """The gated model with other facts about its distance, or another packed file with the hash that belongs to it."""

    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        if packed is not None:
            files[DISTANCE_NAME] = packed
            manifest["distance"]["sha256"] = hashlib.sha256(packed).hexdigest()
        manifest["distance"].update(changes)

    return ModelFile.from_bytes(repack(GATED.read_bytes(), change))


def test_closeness() -> None:
    """Squared offsets count by the variance of the axis, or by that of the rest, in units of the deviation."""
    bottlenecks = np.array([[5, 2, 0], [1, 4, 0], [1, 2, 0]], np.float32)
    closeness = DISTANCE.closeness(bottlenecks, DEVIATION)
    assert closeness[:2].tolist() == pytest.approx([-math.log(16 / 4), -math.log(1 / 0.25)])
    assert closeness[2] == pytest.approx(-math.log(1e-9))


def test_only_what_is_beyond_the_corner_is_lost() -> None:
    """At the corner nothing is lost; at twice the distance the logarithm of 4, times the weight."""
    bottlenecks = np.array([[5, 2, 0], [9, 2, 0], [2, 2, 0]], np.float32)
    assert DISTANCE.loss(bottlenecks, DEVIATION).tolist() == pytest.approx([0, 2 * math.log(4), 0])


def test_gate_uses_it() -> None:
    """The familiarity is that of the gate alone less what is lost, and the threshold is that of the distance."""
    gate = load_gate(ModelFile.load(GATED))
    assert gate.distance is not None
    assert gate.least == gate.distance.threshold
    bottlenecks = np.abs(np.random.default_rng(0).normal(0, 3000, (3, len(gate.deviation)))).astype(np.float32)
    scores = np.full(3, 0.5)
    lost = gate.distance.loss(bottlenecks, gate.deviation)
    assert (lost > 0).all()
    alone = gate._replace(distance=None)
    assert alone.least == gate.threshold
    assert gate.familiarity(bottlenecks, scores) == pytest.approx(alone.familiarity(bottlenecks, scores) - lost)


def test_file_of_an_older_release() -> None:
    """A gate without a distance works as before, with its own threshold."""
    gate = load_gate(repacked(distance=False))
    assert gate.distance is None
    assert gate.least == gate.threshold


def test_a_distance_without_a_gate() -> None:
    """A manifest with a distance and no gate is damaged."""

    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        manifest["gate"] = None

    with pytest.raises(ModelError, match="manifest is damaged"):
        ModelFile.from_bytes(repack(GATED.read_bytes(), change))


def test_another_file() -> None:
    """A packed file that was cut off or replaced is refused."""
    content = unpack_files(GATED.read_bytes()).files[DISTANCE_NAME]
    with pytest.raises(ModelError, match="distance of the model's gate is not the one that was exported"):
        changed({"sha256": "0" * 64})
    for packed in (content[:-1], content + b"a", b""):
        with pytest.raises(ModelError, match="does not have the size that its manifest says"):
            changed({}, packed)


@pytest.mark.parametrize(
    "changes",
    [
        {"axes": 0},
        {"axes": 1.5},
        {"axes": True},
        {"rest": None},
        {"threshold": math.nan},
        {"corner": math.inf},
        {"weight": "1"},
        {"sha256": 3},
    ],
)
def test_damaged_facts(changes: dict[str, object]) -> None:
    """Facts that are no numbers, or impossible ones, are a damaged manifest."""
    with pytest.raises(ModelError, match="manifest is damaged"):
        changed(changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": 1 << 40}, "does not have the size"),
        ({"rest": 0.0}, "a variance that is not a positive number"),
        ({"rest": 1e30}, "a variance that is not a positive number"),
        ({"axes_scale": 1e300}, "larger than"),
        ({"corner": -1e10}, "larger than"),
        ({"threshold": 1e10}, "larger than"),
        ({"weight": -1.0}, "makes far pictures familiar"),
    ],
)
def test_numbers_out_of_bounds(changes: dict[str, object], message: str) -> None:
    """Numbers with which a distance means nothing are refused in one line."""
    with pytest.raises(ModelError, match=message):
        load_distance(changed(changes))


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.0, 1e30])
@pytest.mark.parametrize("place", ["mean", "variance"])
def test_floats_out_of_bounds(place: str, value: float) -> None:
    """A mean that is no number or too large, and a variance that is not positive, are refused."""
    features = len(load_gate(ModelFile.load(GATED)).deviation)
    packed = bytearray(unpack_files(GATED.read_bytes()).files[DISTANCE_NAME])
    struct.pack_into("<f", packed, 4 * features if place == "variance" else 0, value)
    model = changed({}, bytes(packed))
    if place == "mean" and abs(value) <= 1:
        assert load_distance(model) is not None
    else:
        with pytest.raises(ModelError, match=r"not a positive number|larger than"):
            load_distance(model)
