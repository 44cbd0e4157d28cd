"""Faults of a real mosquitto and around it, while a real ``edge watch`` publishes to it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.device.hostile.broker_faults import CERTIFIED, FAULTS, REFUSED
from benchmarks.device.hostile.case import CaseResult, Ended, Result, fault_of
from benchmarks.device.hostile.certificates import make_certificates
from benchmarks.device.hostile.mqtt_scene import TOPIC, Broker, Observer, WatchProcess, stream
from benchmarks.device.hostile.relay import Relay

_AREA = "brokers"


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


Fault = Callable[[Scene], "str | None"]
"""Does a fault, and returns None, or what is wrong afterwards; ``hang`` in it means that it did not recover in time."""


def cases(folder: Path) -> Iterator[CaseResult]:
    """Run all faults."""
    certificates = make_certificates(folder / "certificates")
    with stream() as source:
        for number, (name, fault) in enumerate([*FAULTS.items(), *CERTIFIED.items()]):
            scene = Scene(folder / str(number), source)
            yield _case(name, scene, (lambda of, fault=fault: fault(of, certificates)) if name in CERTIFIED else fault)
        for name, address in REFUSED.items():
            watch = WatchProcess(source, "--mqtt", address)
            ended = _ended(watch)
            yield _result(f"address: {name}", [ended], None if ended.code == 2 else f"exit code {ended.code}")


def _ended(watch: WatchProcess) -> Ended:
    """How ``edge watch`` ends by itself, or at the time limit."""
    import subprocess

    try:
        watch.process.wait(30)
    except subprocess.TimeoutExpired:
        return watch.end()._replace(stopped=True)
    return watch.end()


def _case(name: str, scene: Scene, fault: Fault) -> CaseResult:
    try:
        wrong = fault(scene)
    finally:
        scene.end()
    return _result(name, scene.ended, wrong)


def _result(name: str, ended: list[Ended], wrong: str | None) -> CaseResult:
    for one in ended:
        if (found := fault_of(one)) != "ok":
            return CaseResult(_AREA, name, found, (one.err.strip().splitlines() or [""])[-1][:300])
    result: Result = "ok" if wrong is None else "hang" if "hang" in wrong else "accepted wrongly"
    return CaseResult(_AREA, name, result, wrong or "")
