"""What the broker faults need: an observer of all topics, a camera, and ``edge watch`` as a process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.device.camera import serve
from benchmarks.device.faults.scene import DATA
from benchmarks.device.hostile.case import HANG_S, Ended, peak_bytes
from benchmarks.device.ports import serving
from benchmarks.device.waiting import wait
from edge.errors import UnavailableError

TOPIC = "hostile/camera"
AVAILABILITY, STATE = f"{TOPIC}/availability", f"{TOPIC}/state"
_FPS = 10.0
_START_S = 60.0


class Observer:
    """A client that keeps every message of a broker: (topic, payload, retained)."""

    def __init__(self, port: int, client_id: str = "", **will: Any) -> None:
        """Connect and subscribe; ``will`` is that of paho's ``will_set``."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self.messages: list[tuple[str, bytes, bool]] = []
        ready = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id)
        if will:
            self.client.will_set(**will)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _, __, one: self.messages.append((one.topic, bytes(one.payload), one.retain))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        if not ready.wait(_START_S):
            raise UnavailableError("mosquitto does not answer")

    def payloads(self, topic: str) -> list[bytes]:
        """What came on ``topic``."""
        return [payload for one, payload, _ in list(self.messages) if one == topic]

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = True) -> None:
        """Publish one message."""
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(HANG_S)

    def close(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()

    def cut(self) -> None:
        """Close the connection without a goodbye, so that the will is published."""
        connection: Any = self.client.socket()
        threading.Thread(target=self.client.loop_stop, daemon=True).start()
        connection.shutdown(2)


def retained(port: int, topic: str) -> bytes | None:
    """The message of ``topic`` that a new subscriber gets; None if there is none."""
    observer = Observer(port)
    try:
        observer.publish("hostile/ping", "x", retain=False)
        wait(lambda: observer.payloads("hostile/ping"))
        return next((payload for one, payload, kept in observer.messages if one == topic and kept), None)
    finally:
        observer.close()


@contextlib.contextmanager
def stream() -> Iterator[str]:
    """The address of a camera."""
    with serving(serve(_FPS)) as port:
        yield f"http://127.0.0.1:{port}/"


class WatchProcess:
    """``edge watch`` with the options ``options``, as a process; ``lines`` are its messages."""

    def __init__(self, source: str, *options: str, **variables: str) -> None:
        """Start it."""
        self.lines: list[str] = []
        model = str(DATA / "tiny-int8.tflite")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge", "watch", source, "--model", model, "--smooth", "0", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
        )
        assert self.process.stderr is not None
        self._reader = threading.Thread(target=self.lines.extend, args=(self.process.stderr,), daemon=True)
        self._reader.start()

    def printed(self, text: str) -> bool:
        """Whether a message holds ``text``."""
        return any(text in line for line in list(self.lines))

    def end(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """End it by a signal; it must end in time. Killed on purpose, its code is 0."""
        peak = peak_bytes(self.process.pid)
        self.process.send_signal(number)
        started_s, stopped = time.monotonic(), False
        try:
            code = self.process.wait(HANG_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code, stopped = self.process.wait(), True
        self._reader.join(HANG_S)
        code = 0 if code == -signal.SIGKILL and number == signal.SIGKILL else code
        return Ended(code, "", "".join(self.lines), time.monotonic() - started_s, peak, stopped)
