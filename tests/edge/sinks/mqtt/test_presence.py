"""Whether the availability is right: after half-open connections, wills, second watches and full queues."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge.sinks.mqtt.broker import Broker
from edge.sinks.mqtt.client_id import claim_client_id
from support.mosquitto import Listener, Mosquitto
from support.mqtt_sink import AVAILABILITY, STATE, MadeSink
from support.observed import observe
from support.waiting import wait_for

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")
relays = pytest.importorskip("benchmarks.device.hostile.relay", reason="benchmarks/ is not on the path")


@pytest.fixture
def relay() -> Iterator[Callable[[int], Any]]:
    """Relay to a port; all relays are closed at the end."""
    opened = []

    def to(port: int) -> Any:
        opened.append(relays.Relay(port))
        return opened[-1]

    yield to
    for each in opened:
        each.close()


Watched = tuple[Mosquitto, MadeSink, Listener]


@pytest.fixture
def watched(start, listen, make) -> Watched:
    """A broker, a sink whose connection is open and whose subscriptions are carried out, and a listener."""
    broker = start()
    made = make(broker.port)
    made.sink.open()
    listener = listen(broker.port)
    settle(made, listener)
    return broker, made, listener


@pytest.fixture
def relayed(start, listen, make, relay) -> tuple[Any, Mosquitto, MadeSink, Listener]:
    """A relay, then a broker, a sink that is online through the relay, and a listener."""
    broker = start()
    between = relay(broker.port)
    made = make(between.port)
    made.sink.open()
    listener = listen(broker.port)
    listener.received(AVAILABILITY)
    return between, broker, made, listener


def retained(broker: Mosquitto) -> str:
    """The availability that a new subscriber of ``broker`` gets."""
    listener = Listener(broker.port)
    try:
        return str(listener.received(AVAILABILITY)[0])
    finally:
        listener.close()


def settle(made: MadeSink, listener: Listener) -> None:
    """Wait until the broker has carried out the subscriptions of ``made``: it does so in the order of the packets."""
    topic = f"settled/{made.sink._id.text}"
    made.sink._client.publish(topic, "x", qos=1)
    listener.received(topic)


def ping(listener: Listener) -> None:
    """Wait until the broker has passed on everything that it got before."""
    before = len(listener.messages.get("ping", []))
    listener.client.publish("ping", "x", qos=1)
    listener.received("ping", before + 1)


def test_a_half_open_connection(relayed) -> None:
    """The broker ends the connection that the client has lost, so that its will comes before online and never after."""
    between, _, made, listener = relayed
    between.lose_client()
    assert listener.received(AVAILABILITY, 3) == ["online", "offline", "online"]
    between.lose_server(0)
    ping(listener)
    assert listener.messages[AVAILABILITY] == ["online", "offline", "online"]
    assert not [line for line in made.messages if "another" in line]


def test_the_will_of_another_client(watched: Watched) -> None:
    """If another client's will says offline, it is online again at once; one line says so."""
    broker, made, listener = watched
    for count in (3, 5):
        listener.client.publish(AVAILABILITY, "offline", retain=True)
        assert listener.received(AVAILABILITY, count)[-1] == "online"
    assert retained(broker) == "online"
    assert made.messages == [
        f"mqtt: {AVAILABILITY} was set to another value, by an earlier connection of this watch or by another sender; "
        "it is online again"
    ]


def test_a_sender_that_answers_every_correction(watched: Watched) -> None:
    """Corrections end after five in ten seconds, and go on with a later frame; time is counted here."""
    _, made, listener = watched
    now_s = 0.0
    made.sink._topics._corrections._clock = lambda: now_s
    for count in range(1, 6):
        listener.client.publish(AVAILABILITY, "offline", retain=True)
        listener.received(AVAILABILITY, 2 * count + 1)
    listener.client.publish(AVAILABILITY, "offline", retain=True)
    listener.received(AVAILABILITY, 12)
    wait_for(lambda: made.sink._to_correct)
    ping(listener)
    assert listener.messages[AVAILABILITY][-2:] == ["online", "offline"]
    now_s += 10.1
    made.sink.write(observe())
    assert listener.received(AVAILABILITY, 13)[-1] == "online"


def test_two_watches_with_one_topic(start, listen, make) -> None:
    """Both stay connected and print that another sender uses the topic; when one ends the other corrects offline."""
    broker = start()
    one, other = make(broker.port), make(broker.port)
    one.sink.open()
    other.sink.open()
    listener = listen(broker.port)
    settle(one, listener)
    settle(other, listener)
    one.sink.write(observe(0))
    other.sink.write(observe(1))
    foreign = f"mqtt: another sender publishes to {STATE}; give each edge watch a topic of its own"
    wait_for(lambda: foreign in one.messages and foreign in other.messages)
    before = len(listener.messages[AVAILABILITY])
    other.sink.close()
    assert listener.received(AVAILABILITY, before + 2)[before:] == ["offline", "online"]
    assert not [line for each in (one, other) for line in each.messages if "lost" in line]


def test_the_same_id_after_a_restart_and_another_beside_it() -> None:
    """An id is of 23 letters and digits, the same at every start, and no other process of this machine has it."""
    broker = Broker("127.0.0.1", 1883, "kitchen")
    first, second = claim_client_id(broker), claim_client_id(broker)
    assert first.text != second.text
    assert len(first.text) == 23 and first.text.isalnum() and first.text.isascii()
    first.release()
    again = claim_client_id(broker)
    assert again.text == first.text
    other = claim_client_id(broker._replace(topic="hall"))
    assert other.text not in (first.text, second.text)
    for each in (second, again, other):
        each.release()


def test_a_killed_watch_that_starts_again(relayed) -> None:
    """The broker still holds the dead one's connection; the new one takes it over, and no will comes later."""
    between, _, first, listener = relayed
    between.connections[0][0].detach()  # nothing arrives any more, and nothing is closed
    first.sink._id.release()
    second = MadeSink(between.port)
    second.sink.open()
    assert listener.received(AVAILABILITY, 3) == ["online", "offline", "online"]
    second.sink.close()


def test_a_full_queue_hides_neither_online_nor_offline(relayed) -> None:
    """With as many unconfirmed states as may wait, a new connection is online, and the end is offline."""
    between, broker, made, listener = relayed
    broker._process.send_signal(signal.SIGSTOP)
    for sequence in range(50):
        made.sink.write(observe(sequence, label=f"label {sequence}"))
    assert made.statistics.snapshot().sink_dropped["mqtt"] == 50 + 1 - 32
    between.lose_client()
    broker._process.send_signal(signal.SIGCONT)
    wait_for(lambda: "online" in listener.messages[AVAILABILITY][1:])
    wait_for(lambda: len(made.messages) == 2)
    assert retained(broker) == "online"
    broker._process.send_signal(signal.SIGSTOP)
    for sequence in range(50):
        made.sink.write(observe(sequence, label=f"other {sequence}"))
    made.sink.close()
    broker._process.send_signal(signal.SIGCONT)
    wait_for(lambda: retained(broker) == "offline")


def test_a_broker_that_closes_every_connection_soon(start, make, relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three short connections in a row the pauses are long, and the message names the likely causes."""
    broker = start()
    between = relay(broker.port)
    made = make(between.port)
    made.sink.open()
    monkeypatch.setattr("edge.sinks.mqtt.sink.LONGEST_RECONNECT_S", 1)
    for count in range(1, 4):
        wait_for(lambda: made.sink._client.is_connected())
        between.lose_client()
        wait_for(lambda: sum("again" in line for line in made.messages) >= 2 * count - 1)  # noqa: B023
        if count < 3:
            wait_for(lambda: f"mqtt: connected to 127.0.0.1:{between.port} again; 0 states" in made.messages[-1])
    assert [line for line in made.messages if "lost" in line and "connected" not in line] == made.messages[:4:2]
    assert f"closes every connection soon; does another client use the same client id ({made.sink._id.text})" in (
        "".join(made.messages)
    )


def test_messages_show_no_content(watched: Watched) -> None:
    """What another sender publishes is not printed: it may hold control characters."""
    _, made, listener = watched
    listener.client.publish(AVAILABILITY, "\x1b[2J", retain=True)
    listener.client.publish(STATE, b"\xff\x1b[2J")
    wait_for(lambda: len(made.messages) == 2)
    assert "\x1b" not in "".join(made.messages)
