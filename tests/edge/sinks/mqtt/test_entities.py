"""The entities of Home Assistant, and the message that announces them."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.sinks.mqtt.discovery import announced_platforms, device_id, discovery, platforms, without
from edge.sinks.mqtt.entities import Features, Topics, class_id, entities
from edge.types import UNKNOWN
from support.home_assistant import render
from support.observed import CARD

pytest.importorskip("jinja2", reason="Jinja is not installed: pip install jinja2")

EVERYTHING = Features(controls=True, pictures=True, inbox=True, store=True)
TOPICS = Topics("kitchen/camera")
DEVICE = device_id(TOPICS.prefix)


def found(features: Features = EVERYTHING, **card: object) -> dict[str, dict[str, object]]:
    """The entities of a watch."""
    return entities(TOPICS, DEVICE, CARD._replace(**card), features)


def test_what_each_option_adds() -> None:
    """Labels and classes are always there; the capture switch needs an inbox, the update a store."""
    labels = {"label", "score", class_id("daisy"), class_id("roses")}
    assert found(Features()).keys() == labels
    assert found(Features(controls=True)).keys() == labels | {"threshold", "watch"}
    assert found(Features(inbox=True)).keys() == labels | {"wrong"}
    assert found(Features(pictures=True, store=True)).keys() == labels | {"picture", "model", "roll_back"}
    assert len(found()) == 11


def test_the_message_of_a_device() -> None:
    """It names the device once, and each entity with an id that nothing but topic and label decide."""
    message = discovery(TOPICS, CARD, found())
    assert message["device"] == {
        "identifiers": ["edge_kitchen_camera_0152e701"],
        "name": "kitchen/camera",
        "manufacturer": "Edge for Poets",
        "model": "mobilenet_0.25_128",
        "sw_version": "abababababab",
    }
    assert message["availability_topic"] == "kitchen/camera/availability"
    ids = {name: entity["unique_id"] for name, entity in found().items()}
    assert ids == {name: f"edge_kitchen_camera_0152e701_{name}" for name in ids}
    other = {name: entity["unique_id"] for name, entity in found(name="x", labels=("roses", "asters", "daisy")).items()}
    assert ids.items() <= other.items() and other.keys() - ids.keys() == {class_id("asters")}


def test_the_rest_of_the_world_is_no_class() -> None:
    """It has no binary sensor, whatever it is called."""
    names = [entity["name"] for entity in found(labels=("daisy", "other", UNKNOWN), unknown="other").values()]
    assert "daisy" in names and "other" not in names and UNKNOWN not in names


@given(st.text(min_size=1).filter(lambda text: text != UNKNOWN), st.text(min_size=1))
@example("it's", 'a "b" \\')
@example("{{ 1 }}", "{% raw %}")
@example("'}} {{ value_json.label }} {{ '", "\\U0001f339")
@example("🌹", "rose\n")
def test_a_label_is_never_a_template(label: str, other: str) -> None:
    """The sensor of a class is on for its label alone, whatever characters it has."""
    template = str(found(labels=(label, "x"))[class_id(label)]["value_template"])
    assert render(template, json.dumps({"label": label})) == "ON"
    assert label == other or render(template, json.dumps({"label": other})) == "OFF"


def test_removed_entities_come_first_and_only_with_their_platform() -> None:
    """Home Assistant removes an entity that has nothing but a platform."""
    message = discovery(TOPICS, CARD, found(Features()))
    once = without(message, {"wrong": "button", "class_1": "binary_sensor"})
    assert once["device"] == message["device"]
    components = once["components"]
    assert isinstance(components, dict)
    assert list(components)[:2] == ["wrong", "class_1"] and components["wrong"] == {"platform": "button"}
    assert announced_platforms(json.dumps(message).encode()) == platforms(found(Features()))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", {}),
        (b"{", {}),
        (b"[1]", {}),
        (b'{"components": [1]}', {}),
        (b'{"components": {"a": 1}}', {}),
        (b"[" * 100_000, {}),
        (b'{"components": {"a": {"platform": "switch"}, "b/c": {"platform": "switch"}}}', {"a": "switch"}),
        (b'{"components": {"a": {"platform": ["x"]}, "b": {"platform": "lock"}}}', {}),
        (b'{"components": {"a": {"platform": "switch"}}}' + b" " * (1 << 20), {}),
    ],
)
def test_earlier_messages_of_another_sender(payload: bytes, expected: dict[str, str]) -> None:
    """What this program cannot have announced is not read."""
    assert announced_platforms(payload) == expected
