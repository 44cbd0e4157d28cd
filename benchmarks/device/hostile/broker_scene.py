"""What one broker fault has started, and what must hold afterwards: online while it runs, offline at its end."""

from __future__ import annotations

import signal
from pathlib import Path

from benchmarks.device.hostile.case import Ended
from benchmarks.device.hostile.mqtt_scene import AVAILABILITY, STATE, TOPIC, Observer, WatchProcess, retained
from benchmarks.device.hostile.relay import Relay
from benchmarks.device.mosquitto import Broker
from benchmarks.device.waiting import wait
from edge.errors import UnavailableError

START_S = 60.0
"""The longest time to the first state or message, in seconds."""
STATE_S = 25.0
"""The longest time to the next state, in seconds: one comes every 10 s at least, on a machine that may be busy."""


class Scene:
    """What one case has started; :meth:`end` ends all of it."""

    def __init__(self, folder: Path, source: str) -> None:
        """Use ``folder`` for files, and the stream at ``source``."""
        self.folder, self.source = folder, source
        self.ended: list[Ended] = []
        self._brokers: list[Broker] = []
        self._relays: list[Relay] = []
        self._observers: list[Observer] = []
        self._watches: list[WatchProcess] = []

    def broker(self, *settings: str) -> Broker:
        """A broker that runs."""
        broker = Broker(self.folder / f"broker{len(self._brokers)}", settings)
        self._brokers.append(broker)
        broker.start()
        return broker

    def relay(self, port: int) -> Relay:
        """A relay to ``port``."""
        self._relays.append(Relay(port))
        return self._relays[-1]

    def observer(self, port: int, client_id: str = "", **will: object) -> Observer:
        """A client of the broker at ``port``."""
        self._observers.append(Observer(port, client_id, **will))
        return self._observers[-1]

    def watch(
        self,
        port: int,
        *options: str,
        topic: str = TOPIC,
        scheme: str = "mqtt",
        host: str = "127.0.0.1",
        user: str = "",
    ) -> WatchProcess:
        """An ``edge watch`` that publishes to the broker at ``port``."""
        address = f"{scheme}://{user}{host}:{port}/{topic}"
        self._watches.append(WatchProcess(self.source, "--mqtt", address, *options))
        return self._watches[-1]

    def end_watch(self, watch: WatchProcess, number: signal.Signals = signal.SIGTERM) -> None:
        """End one, and keep how it ended."""
        if watch in self._watches:
            self._watches.remove(watch)
            self.ended.append(watch.end(number))

    def end(self) -> None:
        """End everything that still runs."""
        for watch in list(self._watches):
            self.end_watch(watch)
        for observer in self._observers:
            observer.close()
        for relay in self._relays:
            relay.close()
        for broker in self._brokers:
            broker.stop()


def begin(scene: Scene, *settings: str, topic: str = TOPIC) -> tuple[Broker, Observer, WatchProcess]:
    """A broker with ``settings``, an observer of it, and a watch of which a state has come.

    Raises :class:`~edge.errors.UnavailableError` if none comes.
    """
    broker = scene.broker(*settings)
    observer = scene.observer(broker.port)
    watch = scene.watch(broker.port, topic=topic)
    if wrong := started(observer):
        raise UnavailableError(wrong)
    return broker, observer, watch


def started(observer: Observer) -> str | None:
    """Wait for the first state of a watch."""
    return None if wait(lambda: observer.payloads(STATE), START_S) else "hang: no state at the start"


def alive(port: int, observer: Observer | None = None) -> str | None:
    """Whether the broker shows ``online`` and gets states."""
    if not wait(lambda: retained(port, AVAILABILITY) == b"online"):
        return f"availability is {retained(port, AVAILABILITY)!r} while states are sent"
    if observer is not None:
        before = len(observer.payloads(STATE))
        if not wait(lambda: len(observer.payloads(STATE)) > before, STATE_S):
            return "hang: no more states"
    return None


def ended(scene: Scene, watch: WatchProcess, port: int) -> str | None:
    """Whether the broker shows ``offline`` after the end of ``watch``."""
    scene.end_watch(watch)
    if not wait(lambda: retained(port, AVAILABILITY) == b"offline"):
        return f"availability is {retained(port, AVAILABILITY)!r} after the end"
    return None
