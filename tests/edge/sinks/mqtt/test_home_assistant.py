"""Every entity that Home Assistant gets, with a real mosquitto and a subscriber that acts as its documents say."""

from __future__ import annotations

import json

import pytest

from edge.sinks.mqtt.discovery import device_id, old_config_topics
from edge.types import UNKNOWN
from support.home_assistant import HomeAssistant
from support.mqtt_sink import CONFIG, TOPIC
from support.observed import CARD, observe, plain
from support.waiting import wait_for
from support.whole_watch import model_state

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")
pytest.importorskip("jinja2", reason="Jinja is not installed: pip install jinja2")


def config(home: HomeAssistant) -> dict:
    """The discovery message that the broker has now."""
    return json.loads(home._retained[CONFIG])


def test_every_entity_and_its_state(start, whole, discover) -> None:
    """Home Assistant gets all entities of one device from one message, and a state for each that has one."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port)
    made.sink.write(observe(0, score=0.75, pixels=plain(90)))
    home.shows("update", "Model", model_state("one"))
    home.wait(lambda: home.state("image", "Picture"))
    assert home.names() == [
        ("binary_sensor", "daisy"),
        ("binary_sensor", "roses"),
        ("button", "Roll back"),
        ("button", "Wrong"),
        ("image", "Picture"),
        ("number", "Threshold"),
        ("sensor", "Label"),
        ("sensor", "Score"),
        ("switch", "Capture"),
        ("switch", "Watch"),
        ("update", "Model"),
    ]
    home.shows("sensor", "Label", "daisy")
    assert home.state("sensor", "Score") == "75.0"
    assert (home.state("binary_sensor", "daisy"), home.state("binary_sensor", "roses")) == (True, False)
    assert home.state("number", "Threshold") == 25.0
    assert home.state("switch", "Watch") is True and home.state("switch", "Capture") is True
    assert home.available and home.device["name"] == TOPIC
    assert all(unique_id.startswith(device_id(TOPIC)) for unique_id in home.registry)
    late = discover(broker.port)
    late.wait(lambda: late.state("switch", "Watch") and late.state("sensor", "Label") and late.state("update", "Model"))
    assert late.names() == home.names() and late.state("image", "Picture") is None


def test_another_model_keeps_what_it_shares(start, whole, discover) -> None:
    """Classes that stay keep their entity, one that goes is removed, one that comes is added; unknown is no class."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port)
    made.sink.write(observe(0))
    home.wait(lambda: home.has("binary_sensor", "roses") and home.state("update", "Model"))
    before = dict(home.registry)
    card = CARD._replace(name="b", sha256="ef" * 32, labels=("asters", "daisy", "rest", UNKNOWN), unknown="rest")
    made.sink.write(observe(1, model=card))
    home.wait(lambda: home.has("binary_sensor", "asters") and not home.has("binary_sensor", "roses"))
    assert [name for platform, name in home.names() if platform == "binary_sensor"] == ["asters", "daisy"]
    gone, come = before.keys() - home.registry.keys(), home.registry.keys() - before.keys()
    assert len(gone) == len(come) == 1
    home.wait(lambda: all(set(entity) != {"platform"} for entity in config(home)["components"].values()))


def test_what_an_earlier_run_announced(start, whole, make, discover) -> None:
    """After a restart with fewer options and another model, what is not there any more is removed."""
    broker = start()
    home, first = discover(broker.port), whole(broker.port)
    first.sink.write(observe(0))
    home.wait(lambda: home.has("update", "Model"))
    first.sink.close()
    second = make(broker.port)
    second.sink.open()
    second.sink.write(observe(1, model=CARD._replace(labels=("daisy",))))
    home.wait(lambda: len(home.registry) == 3)
    assert home.names() == [("binary_sensor", "daisy"), ("sensor", "Label"), ("sensor", "Score")]
    home.wait(lambda: config(home)["components"].keys() == {key[1].split()[1] for key in home.entities})


def test_the_sensors_of_an_earlier_release(start, whole, discover, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sensors that were announced one by one move to the device, and keep what the user set for them."""
    monkeypatch.setattr("edge.sinks.mqtt.home_assistant._MIGRATION_S", 0.0)
    broker = start()
    home = discover(broker.port)
    device = device_id(TOPIC)
    for topic, name in zip(old_config_topics(device), ("label", "score"), strict=True):
        old = {"name": name.title(), "unique_id": f"{device}_{name}", "state_topic": f"{TOPIC}/state"}
        home.client.publish(topic, json.dumps({**old, "device": {"identifiers": [device]}}), qos=1, retain=True)
    home.wait(lambda: len(home.registry) == 2)
    before = dict(home.registry)
    whole(broker.port).sink.write(observe(0))
    home.wait(lambda: home.has("update", "Model") and home.has("sensor", "Score"))
    assert before.items() <= home.registry.items()
    late = discover(broker.port)
    late.wait(lambda: late.names() == home.names())
    assert not any(home._retained[topic] for topic in old_config_topics(device))


def test_the_settings_after_a_restart(start, whole, discover) -> None:
    """Switches and threshold are as they were left; a threshold of the command line counts more."""
    broker = start()
    home, first = discover(broker.port), whole(broker.port)
    first.sink.write(observe(0))
    home.wait(lambda: home.has("number", "Threshold"))
    for command in (("switch", "Watch", "OFF"), ("switch", "Capture", "OFF"), ("number", "Threshold", 66)):
        home.send(*command)
    home.shows("number", "Threshold", 66.0)
    first.sink.close()
    second = whole(broker.port)
    assert (second.controls.watching, second.controls.capturing, second.controls.threshold) == (False, False, 0.66)
    assert second.messages == [
        "mqtt: the watch is switched off, as it was before; switch it on in Home Assistant, or publish ON to "
        f"{TOPIC}/watch/set"
    ]
    second.sink.close()
    third = whole(broker.port, given_threshold=0.8)
    assert (third.controls.watching, third.controls.threshold) == (False, 0.8)
    home.client.publish(f"{TOPIC}/threshold/set", "default")
    home.send("switch", "Watch", "ON")
    wait_for(lambda: third.controls.watching)


def test_a_broker_that_restarts_while_the_watch_is_off(start, whole, discover) -> None:
    """Without a labelled frame everything is announced again, or nobody could switch it on; a birth does the same."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port)
    made.sink.write(observe(0))
    home.wait(lambda: home.has("switch", "Watch"))
    home.send("switch", "Watch", "OFF")
    home.shows("switch", "Watch", False)
    broker.stop()
    wait_for(lambda: [line for line in made.messages if "lost the connection" in line])
    broker.start()
    later = discover(broker.port)
    later.shows("switch", "Watch", False)
    later.wait(lambda: later.state("update", "Model"))
    assert later.names() == home.names()
    later.client.publish(CONFIG, "", qos=1, retain=True)
    later.wait(lambda: not later.registry)
    later.birth()
    later.wait(lambda: later.names() == home.names())


def test_a_model_with_very_many_classes(start, whole, discover) -> None:
    """There is no binary sensor for each of a thousand classes, and one line says why."""
    broker = start()
    home, made = discover(broker.port), whole(broker.port)
    made.sink.write(observe(0, model=CARD._replace(labels=tuple(map(str, range(1000))))))
    home.wait(lambda: home.has("sensor", "Label"))
    assert not [name for platform, name in home.names() if platform == "binary_sensor"]
    assert made.messages == [
        "mqtt: the model has 1,000 classes: Home Assistant gets a sensor for each of them if there are at most 100"
    ]
