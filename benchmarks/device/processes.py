"""The processes around a measured stream: a camera, a broker, a viewer of the web page, the reader."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.device.camera import FRAMES
from benchmarks.device.mosquitto import Broker
from edge.errors import UnavailableError

_START_S = 60.0
_LOOK_EVERY_S = 0.1


@contextlib.contextmanager
def camera(fps: float, frames: int = FRAMES) -> Iterator[str]:
    """The address of a camera that sends ``fps`` frames a second, ``frames`` different ones in turn."""
    command = [sys.executable, "-m", "benchmarks.device.camera", str(fps), str(frames)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


@contextlib.contextmanager
def broker() -> Iterator[str]:
    """The address of a mosquitto on loopback.

    Raises :class:`~edge.errors.ConfigurationError` if it is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        mosquitto = Broker(Path(folder))
        try:
            mosquitto.start()
            yield f"mqtt://127.0.0.1:{mosquitto.port}/edge/benchmark"
        finally:
            mosquitto.stop()


@contextlib.contextmanager
def viewer(port: int) -> Iterator[None]:
    """A viewer of the page on ``port``: it takes its events, and ten pictures a second."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_EVERY_S):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/picture.jpg") as page:
                page.read()

    def listen() -> None:
        while not done.wait(_LOOK_EVERY_S):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/events") as page:
                while not done.is_set() and page.readline():
                    pass

    for work in (look, listen):
        threading.Thread(target=work, daemon=True).start()
    yield
    done.set()


class Lines:
    """A process that prints a line for each frame; the lines are counted as they come."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start ``command``."""
        self.count = 0
        self.said: list[str] = []
        self.started_s = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._first = threading.Event()
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._listen)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while data := os.read(self.process.stdout.fileno(), 1 << 16):
            self.count += data.count(b"\n")
            if self.count:
                self._first.set()
        self._first.set()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.said += [line.decode(errors="replace").rstrip() for line in self.process.stderr]

    def first_s(self) -> float:
        """Seconds from the start to the first line.

        Raises :class:`~edge.errors.UnavailableError` if none comes.
        """
        self._first.wait(_START_S)
        seconds = time.monotonic() - self.started_s
        if not self.count:
            self.end()
            raise UnavailableError(f"no frame was labelled: {' '.join(self.said)}")
        return seconds

    def rate(self, seconds: float) -> float:
        """Lines a second over the next ``seconds``."""
        before, start_s = self.count, time.monotonic()
        time.sleep(seconds)
        return (self.count - before) / (time.monotonic() - start_s)

    def end(self) -> int:
        """Terminate it; the exit code."""
        self.process.terminate()
        code = self.process.wait()
        for thread in self._threads:
            thread.join()
        return code
