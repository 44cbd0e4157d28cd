"""What the MQTT sink publishes, with a real mosquitto on this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.sinks.mqtt.discovery import device_id, discovery
from edge.sinks.mqtt.entities import Features, Topics, entities
from support.mosquitto import WAIT_S
from support.mqtt_sink import AVAILABILITY, CONFIG, STATE, TOPIC
from support.observed import CARD, observe, observe_without_labels

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")


def test_state_availability_and_discovery(start, listen, make) -> None:
    """One observation publishes discovery, online and the state; all of it is retained."""
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    sink.write(observe(3, score=0.75))
    early = listen(broker.port)
    assert early.received(STATE)[0] == {
        "timestamp": "2027-01-15T08:00:00.223Z",
        "sequence": 3,
        "label": "daisy",
        "score": 0.75,
        "categories": [{"label": "daisy", "score": 0.75}, {"label": "roses", "score": 0.25}],
        "frame_age_ms": 41.235,
        "latency_ms": 12.346,
        "changed": False,
    }
    topics = Topics(TOPIC)
    found = entities(topics, device_id(TOPIC), CARD, Features())
    assert early.received(CONFIG) == [discovery(topics, CARD, found)]
    assert early.received(AVAILABILITY) == ["online"]
    late = listen(broker.port)
    for topic in (STATE, AVAILABILITY, CONFIG):
        late.received(topic)
        assert topic in late.retained


def test_the_state_is_published_on_change_and_now_and_then(start, listen, make, monkeypatch) -> None:
    """A hundred frames in 25 s with one change are four states: the first, the change, and two after 10 s each."""
    now_s = 1000.0
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    listener = listen(broker.port)
    monkeypatch.setattr("edge.sinks.mqtt.sink.time.monotonic", lambda: now_s)
    for sequence in range(100):
        sink.write(observe(sequence, label="daisy" if sequence < 10 else "roses"))
        now_s += 0.25
    sink.close()
    assert listener.received(AVAILABILITY, 2) == ["online", "offline"]
    assert [state["sequence"] for state in listener.received(STATE, 4)] == [0, 10, 50, 90]
    assert len(listener.messages[STATE]) == 4
    assert len(listener.messages[CONFIG]) == 1


def test_another_model_is_announced(start, listen, make) -> None:
    """When the model is replaced the device's description follows, under the same id."""
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    listener = listen(broker.port)
    sink.write(observe(0))
    sink.write(observe(1, label="roses", model=CARD._replace(sha256="cd" * 32)))
    first, second = listener.received(CONFIG, 2)
    assert (first["device"]["sw_version"], second["device"]["sw_version"]) == ("ab" * 6, "cd" * 6)
    assert first["components"] == second["components"]


def test_home_assistant_starts_after_us(start, listen, make) -> None:
    """Its birth message makes the next frame announce the sensors and the state again."""
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    listener = listen(broker.port)
    sink.write(observe(0))
    listener.received(CONFIG)
    listener.client.publish("homeassistant/status", "online")
    listener.received("homeassistant/status")
    for sequence in range(1, 1000):
        sink.write(observe(sequence))
        if listener.wait(STATE, lambda payloads: len(payloads) == 2, 0.02):
            break
    assert listener.received(CONFIG, 2)[0] == listener.received(CONFIG, 2)[1]
    listener.client.publish("homeassistant/status", "offline")
    listener.received("homeassistant/status", 2)
    sink.write(observe(1000))
    sink.close()
    listener.received(AVAILABILITY, 2)
    assert len(listener.messages[STATE]) == 2


def test_the_last_will_of_a_process_that_was_killed(start, listen, tmp_path: Path) -> None:
    """After SIGKILL the broker publishes offline, also to later clients."""
    broker = start()
    listener = listen(broker.port)
    program = f"""
import time
from edge.sinks.mqtt.broker import Broker
from edge.sinks.mqtt.sink import MqttSink
from edge.statistics import StreamStatistics
broker = Broker("127.0.0.1", {broker.port}, "{TOPIC}")
sink = MqttSink(broker, StreamStatistics(), password=None, ca=None, write_message=print)
sink.open()
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        assert listener.received(AVAILABILITY) == ["online"]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(WAIT_S)
    assert listener.received(AVAILABILITY, 2) == ["online", "offline"]
    late = listen(broker.port)
    assert late.received(AVAILABILITY) == ["offline"] and AVAILABILITY in late.retained


def test_labels_that_come_and_change(start, listen, make) -> None:
    """A model without labels is announced and its state is unknown; each change of the model is announced anew."""
    broker = start()
    sink = make(broker.port).sink
    sink.open()
    listener = listen(broker.port)
    later = CARD._replace(sha256="ef" * 32, labels=("roses",))
    sink.write(observe_without_labels(0))
    sink.write(observe(1))
    sink.write(observe(2, label="roses", model=later))
    states = listener.received(STATE, 3)
    assert [(state["label"], state["score"]) for state in states] == [("unknown", 0.0), ("daisy", 0.9), ("roses", 0.9)]
    assert states[0]["categories"] == []
    announced = listener.received(CONFIG, 3)
    assert [config["device"]["sw_version"] for config in announced] == ["cd" * 6, "ab" * 6, "ef" * 6]
