"""Brokers that do not do what MQTT asks of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from edge.sinks.mqtt.extras import Extras
from edge.sinks.mqtt.home_assistant import HomeAssistant
from support.waiting import wait_for
from support.whole_watch import Whole

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")

_CONNACK = b"\x20\x02\x00\x00"


class BadBroker:
    """Accepts one client, and then reads nothing more."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.client: socket.socket | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.recv(1 << 16)
        self.client = client
        client.sendall(_CONNACK)

    def send(self, topic: bytes, payload: bytes) -> None:
        """Publish ``payload`` to ``topic``, with QoS 0; together at most 120 bytes."""
        assert self.client is not None
        self.client.sendall(bytes([0x30, 2 + len(topic) + len(payload), 0, len(topic)]) + topic + payload)

    def close(self) -> None:
        self._listener.close()
        if self.client is not None:
            self.client.close()


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadBroker]:
    """Such a broker; nobody waits long for what it does not send."""
    monkeypatch.setattr("edge.sinks.mqtt.sink._SETTLED_WITHIN_S", 0.01)
    broker = BadBroker()
    yield broker
    broker.close()


def test_a_topic_that_is_not_utf_8(bad: BadBroker, whole) -> None:
    """It is ignored, and the message after it is carried out: the thread of the connection still runs."""
    made: Whole = whole(bad.port)
    bad.send(b"\xff\xfe", b"x")
    bad.send(made.sink._home.topics.set_watch.encode(), b"OFF")
    wait_for(lambda: not made.controls.watching)


def test_a_broker_that_does_not_read(bad: BadBroker, whole) -> None:
    """Pictures are left out when the ones before have not left, so that they do not fill the memory."""
    made: Whole = whole(bad.port)
    sent = [made.sink.publish("test/camera/picture", bytes(1 << 20), retain=False, qos=0) for _ in range(64)]
    assert sent[0] and not sent[-1]


def test_any_number_of_announced_entities() -> None:
    """What a broker says that an earlier run announced is remembered up to a limit."""
    home = HomeAssistant("test/camera", Extras(), lambda *_, **__: True, lambda _: None)
    for start in range(0, 3000, 300):
        home._remember({f"name{number}": "sensor" for number in range(start, start + 300)})
    assert len(home._announced) == 900
