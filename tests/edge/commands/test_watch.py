"""``edge watch`` as a process: a real stream, real signals, real files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.paths import DATA
from support.stream_server import StreamServer
from support.waiting import TIMEOUT_S, wait_for

INT8, FLOAT32 = DATA / "tiny-int8.tflite", DATA / "tiny-float32.tflite"
Start = Callable[..., "Watching"]


class Watching:
    """A running ``edge watch --json``: its records, and its lines on stderr."""

    def __init__(self, folder: Path, source: str, *options: str, **variables: str) -> None:
        command = [sys.executable, "-m", "edge", "watch", source, "--json", "--model", "model.tflite", *options]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, **variables},
        )
        self._records: queue.Queue[str] = queue.Queue()
        self.messages: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._records.put)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.messages.append)),
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, take: Callable[[str], None]) -> None:
        for line in stream:
            take(line.rstrip("\n"))

    def record(self) -> dict:
        """The next record."""
        with contextlib.suppress(queue.Empty):
            return json.loads(self._records.get(timeout=TIMEOUT_S))
        pytest.fail(f"no record within {TIMEOUT_S} s; its messages: {self.messages}")

    def later_record(self) -> dict:
        """A record of a frame that is labelled from now on."""
        while not self._records.empty():
            self._records.get()
        self.record()
        return self.record()

    def message_with(self, words: str) -> str:
        """The first line on stderr that has ``words``."""
        return wait_for(lambda: next((line for line in self.messages if words in line), None))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; the exit code, once everything is read."""
        self.process.send_signal(number)
        code = self.process.wait(TIMEOUT_S)
        for reader in self._readers:
            reader.join(TIMEOUT_S)
        return code


@pytest.fixture
def start(tmp_path: Path, server: StreamServer) -> Iterator[Start]:
    """Start ``edge watch`` on the server's stream; ended afterwards."""
    shutil.copy(INT8, tmp_path / "model.tflite")
    started: list[Watching] = []

    def run(*options: str, **variables: str) -> Watching:
        started.append(Watching(tmp_path, server.uri, *options, **variables))
        return started[-1]

    yield run
    for watching in started:
        with contextlib.suppress(ProcessLookupError):
            watching.end(signal.SIGKILL)


def _replace(folder: Path, content: bytes) -> None:
    (folder / "new").write_bytes(content)
    os.replace(folder / "new", folder / "model.tflite")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it_cleanly(start: Start, number: signal.Signals, code: int) -> None:
    """It ends with its counts, no traceback, and the last line of output whole."""
    watching = start()
    assert watching.record()["label"] in ("blue", "green", "red")
    assert watching.end(number) == code
    assert watching.messages[-1].endswith("frames labelled, 0 reconnects")
    assert not any("Traceback" in line for line in watching.messages)
    while not watching._records.empty():
        watching.record()


def test_a_signal_before_the_first_frame(start: Start, server: StreamServer) -> None:
    """It ends on a signal even if the source does not answer."""
    server.fault("refuse")
    watching = start()
    watching.message_with("503")
    assert watching.end() == 0


def test_a_changed_model_is_swapped_without_losing_the_stream(start: Start, tmp_path: Path) -> None:
    """Another file under the model's name is used in the same process; frames continue in their order."""
    watching = start()
    before = watching.record()["sequence"]
    _replace(tmp_path, FLOAT32.read_bytes())
    watching.message_with("model replaced: model.tflite, sha256 ")
    assert watching.later_record()["sequence"] > before
    assert watching.end() == 0
    assert watching.messages[-1].endswith("0 reconnects")


def test_hangup_reads_the_model_immediately(start: Start, tmp_path: Path) -> None:
    """A message says what SIGHUP did: nothing changed, refused or replaced; labelling continues."""
    watching = start()
    watching.record()
    watching.process.send_signal(signal.SIGHUP)
    watching.message_with("the model file is unchanged; the model stays")
    _replace(tmp_path, FLOAT32.read_bytes()[:2000])
    watching.process.send_signal(signal.SIGHUP)
    watching.message_with("new model refused: model.tflite: ")
    watching.later_record()
    _replace(tmp_path, FLOAT32.read_bytes())
    watching.process.send_signal(signal.SIGHUP)
    watching.message_with("model replaced")
    assert watching.end() == 0


def test_status_file(start: Start, tmp_path: Path) -> None:
    """After a kill without warning the status file is whole, and names the process, the model and the count."""
    watching = start(RUNTIME_DIRECTORY=f"{tmp_path / 'run'}:{tmp_path / 'other'}")
    path = tmp_path / "run" / "watch.json"
    wait_for(path.exists)
    first = json.loads(path.read_text())
    wait_for(lambda: json.loads(path.read_text()) != first)
    watching.end(signal.SIGKILL)
    status = json.loads(path.read_text())
    names = ["every_s", "frames_labelled", "model_sha256", "monotonic_s", "pid", "process_start", "time_s"]
    assert sorted(status) == names
    assert status["pid"] == watching.process.pid
    assert status["frames_labelled"] > first["frames_labelled"] >= 1
    assert abs(status["time_s"] - time.time()) < TIMEOUT_S
    assert status["model_sha256"] == hashlib.sha256(INT8.read_bytes()).hexdigest()


def test_the_messages_to_systemd(start: Start, server: StreamServer, tmp_path: Path) -> None:
    """Nothing before the first label; then ready, the watchdog, and that it stops."""
    server.fault("refuse")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        watching = start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000")
        watching.message_with("503")
        with pytest.raises(BlockingIOError):
            systemd.recv(999)
        server.end_fault()
        systemd.settimeout(TIMEOUT_S)
        assert systemd.recv(999).startswith(b"READY=1\nWATCHDOG=1\nSTATUS=")
        assert systemd.recv(999).startswith(b"WATCHDOG=1\nSTATUS=")
        assert watching.end() == 0
        messages = [b""]
        while messages[-1] != b"STOPPING=1":
            messages.append(systemd.recv(999))


def test_count(start: Start) -> None:
    """With ``--count`` it ends after that many records."""
    watching = start("--count", "3")
    assert watching.process.wait(TIMEOUT_S) == 0
    assert [watching.record()["label"] for _ in range(3)]
    assert watching._records.empty()
