"""Faults of the connection to a broker and of its topics, each a function that does it and looks at what is left."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from benchmarks.device.hostile.broker_scene import STATE_S, Scene, alive, begin, ended, started
from benchmarks.device.hostile.mqtt_scene import AVAILABILITY, STATE, TOPIC, Observer, retained
from benchmarks.device.waiting import wait

_SHORT_S = 2.0


def _cut_client(scene: Scene, times: int = 1, then_server: bool = True) -> str | None:
    broker = scene.broker()
    relay = scene.relay(broker.port)
    observer = scene.observer(broker.port)
    watch = scene.watch(relay.port)
    if wrong := started(observer):
        return wrong
    for _ in range(times):
        count = len(relay.connections)
        relay.lose_client()
        if not wait(lambda: len(relay.connections) > count):  # noqa: B023
            return "hang: no new connection"
        if wrong := alive(broker.port):
            return wrong
    if then_server:
        for number in range(times):
            relay.lose_server(number)
    return alive(broker.port, observer) or ended(scene, watch, broker.port)


def _killed(scene: Scene, through_relay: bool) -> str | None:
    broker = scene.broker()
    relay = scene.relay(broker.port)
    observer = scene.observer(broker.port)
    watch = scene.watch(relay.port if through_relay else broker.port)
    if wrong := started(observer):
        return wrong
    if through_relay:
        relay.keep_server()
    scene.end_watch(watch, signal.SIGKILL)
    if not through_relay and not wait(lambda: observer.payloads(AVAILABILITY)[-1] == b"offline"):
        return "no will after SIGKILL"
    again = scene.watch(relay.port if through_relay else broker.port)
    if wrong := alive(broker.port, observer):
        return wrong
    if through_relay:
        relay.lose_server(0)
    return alive(broker.port, observer) or ended(scene, again, broker.port)


def _broker_frozen(scene: Scene, end: bool) -> str | None:
    broker, observer, watch = begin(scene)
    broker.send(signal.SIGSTOP)
    time.sleep(_SHORT_S)
    if end:
        scene.end_watch(watch)
    broker.send(signal.SIGCONT)
    return ended(scene, watch, broker.port) if end else alive(broker.port, observer)


def _watch_frozen(scene: Scene) -> str | None:
    broker, observer, watch = begin(scene)
    watch.process.send_signal(signal.SIGSTOP)
    time.sleep(_SHORT_S)
    watch.process.send_signal(signal.SIGCONT)
    return alive(broker.port, observer) or ended(scene, watch, broker.port)


def _kept_before(scene: Scene, topic: str, payload: bytes) -> str | None:
    broker = scene.broker()
    observer = scene.observer(broker.port)
    observer.publish(topic, payload)
    observer.messages.clear()
    watch = scene.watch(broker.port)
    return started(observer) or alive(broker.port, observer) or ended(scene, watch, broker.port)


def _published(scene: Scene, topic: str, payload: bytes, times: int = 1, *, retain: bool = True) -> str | None:
    """Another client publishes on a topic of the watch while it runs."""
    broker, observer, watch = begin(scene)
    for _ in range(times):
        observer.client.publish(topic, payload, retain=retain)
    observer.publish("hostile/done", "x")
    lines = len([line for line in watch.lines if "another sender" in line])
    wrong = None if lines <= 2 else f"{lines} lines about another sender"
    return wrong or alive(broker.port, observer) or ended(scene, watch, broker.port)


def _foreign_will(scene: Scene) -> str | None:
    broker, observer, watch = begin(scene)
    Observer(broker.port, topic=AVAILABILITY, payload="offline", qos=1, retain=True).cut()
    wait(lambda: b"offline" in observer.payloads(AVAILABILITY))
    return alive(broker.port) or ended(scene, watch, broker.port)


def _answers_online(scene: Scene) -> str | None:
    broker, observer, watch = begin(scene)
    until_s, corrections = time.monotonic() + _SHORT_S, 0
    while time.monotonic() < until_s:
        count = observer.payloads(AVAILABILITY).count(b"online")
        observer.publish(AVAILABILITY, "offline")
        corrections += wait(lambda: observer.payloads(AVAILABILITY).count(b"online") > count, 0.3)  # noqa: B023
    wrong = None if corrections <= 6 else f"{corrections} corrections in {_SHORT_S:g} s"
    if not wait(lambda: retained(broker.port, AVAILABILITY) == b"online", 2 * STATE_S):
        return wrong or "offline for ever"
    return wrong or ended(scene, watch, broker.port)


def _same_id(scene: Scene, times: int) -> str | None:
    """Another client connects with the id of the watch, as a copied disk would make it."""
    log_settings = ("allow_anonymous true", f"log_dest file {scene.folder / 'log'}", "log_type all")
    broker, observer, watch = begin(scene, *log_settings)
    log = (scene.folder / "log").read_text()
    name = next((word for word in log.split() if word.startswith("edge") and len(word) == 23), None)
    if name is None:
        return "it has no client id of its own"
    for _ in range(times):
        other = scene.observer(broker.port, name)
        other.cut()
    return alive(broker.port, observer) or ended(scene, watch, broker.port)


def _two(scene: Scene, number: signal.Signals, topics: tuple[str, str] = (TOPIC, TOPIC)) -> str | None:
    broker, observer, first = begin(scene, topic=topics[0])
    second = scene.watch(broker.port, topic=topics[1])
    wait(
        lambda: second.printed("another sender") or observer.payloads(f"{topics[1]}/availability").count(b"online") > 1
    )
    scene.end_watch(second, number)
    return alive(broker.port, observer) or ended(scene, first, broker.port)


FAULTS: dict[str, Callable[[Scene], str | None]] = {
    "half-open: the client's side is cut": lambda of: _cut_client(of, then_server=False),
    "half-open: the server's side ends later": _cut_client,
    "half-open: twice": lambda of: _cut_client(of, 2),
    "half-open: killed behind a relay, started again": lambda of: _killed(of, True),
    "killed and started again": lambda of: _killed(of, False),
    "the broker stands still": lambda of: _broker_frozen(of, False),
    "the broker stands still at the end": lambda of: _broker_frozen(of, True),
    "the watch stands still": _watch_frozen,
    "kept: offline": lambda of: _kept_before(of, AVAILABILITY, b"offline"),
    "kept: bytes as availability": lambda of: _kept_before(of, AVAILABILITY, b"\xff\x00\x1b[2J"),
    "kept: 5 MB as state": lambda of: _kept_before(of, STATE, b"\xff" * 5_000_000),
    "kept: online of Home Assistant": lambda of: _kept_before(of, "homeassistant/status", b"online"),
    "offline by another client": lambda of: _published(of, AVAILABILITY, b"offline"),
    "offline by another client, not kept": lambda of: _published(of, AVAILABILITY, b"offline", retain=False),
    "availability removed": lambda of: _published(of, AVAILABILITY, b""),
    "10 MB as availability": lambda of: _published(of, AVAILABILITY, b"x" * 10_000_000),
    "20 times offline": lambda of: _published(of, AVAILABILITY, b"offline", 20),
    "5,000 foreign states": lambda of: _published(of, STATE, b"{}", 5000, retain=False),
    "1,000 births of Home Assistant": lambda of: _published(of, "homeassistant/status", b"online", 1000, retain=False),
    "births that are not text": lambda of: _published(of, "homeassistant/status", b"\xff\xfe", 100, retain=False),
    "the will of another client": _foreign_will,
    "a sender that answers every online": _answers_online,
    "taken over once": lambda of: _same_id(of, 1),
    "taken over twice": lambda of: _same_id(of, 2),
    "two watches, one ends": lambda of: _two(of, signal.SIGTERM),
    "two watches, one is killed": lambda of: _two(of, signal.SIGKILL),
    "two topics, one ends": lambda of: _two(of, signal.SIGTERM, (TOPIC, "hostile/other")),
}
