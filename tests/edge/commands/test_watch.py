"""``edge watch`` as a process: a real stream, real signals, real files."""

from __future__ import annotations

import contextlib
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
def server() -> Iterator[StreamServer]:
    """A camera on the network."""
    with StreamServer(20) as running:
        yield running


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
    import hashlib

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


def test_a_reader_that_leaves_ends_it(tmp_path: Path, server: StreamServer) -> None:
    """When its pipe is closed it ends with exit code 0."""
    command = [sys.executable, "-m", "edge", "watch", server.uri, "--json", "--model", str(INT8)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(TIMEOUT_S) == 0


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--model", "none.tflite"], 65, "none.tflite: cannot read the model"),
        (["--region", "0,0,9999,10"], 2, "--region 0,0,9999,10 reaches outside the frame of 640 x 480 pixels"),
        (["--region", "0,0,0,10"], 2, "has no area"),
        (["--smooth", "-1"], 2, "is not a number of seconds"),
        (["--max-frame-age", "0"], 2, "give a time above 0"),
        (["--retries", "x"], 2, "is not a whole number"),
    ],
)
def test_bad_options(edge_command, server: StreamServer, options: list[str], code: int, words: str) -> None:
    """One line says what is wrong, and the exit code says whether an option or the model is bad."""
    model = [] if "--model" in options else ["--model", str(INT8)]
    done = edge_command("watch", server.uri, *model, *options)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_source_that_is_not_there(edge_command, tmp_path: Path) -> None:
    """With no retries it ends with 69 if the source does not answer, and with 2 if the file is missing."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        done = edge_command("watch", uri, "--model", str(INT8), "--retries", "0")
    assert done.returncode == 69
    assert len(done.stderr.splitlines()) == 1
    assert edge_command("watch", "none.avi", "--model", str(INT8)).returncode == 2


SLOW = """
import sys, time
from edge.inference.classifier import Classifier
quick = Classifier.scores
def slow(self, image):
    if image.shape[0] == 480:  # a frame, not a pattern of the self-test
        print("busy", file=sys.stderr, flush=True)
        time.sleep(600)
    return quick(self, image)
Classifier.scores = slow
from edge.__main__ import start
start()
"""


ELSEWHERE = """
import signal, threading
from edge import Classifier
quick = Classifier.scores
def signalled(self, image):
    if image.shape[0] == 480:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    return quick(self, image)
Classifier.scores = signalled
from edge.__main__ import start
start()
"""


def test_a_signal_that_another_thread_gets(server: StreamServer) -> None:
    """It does not wake the main thread, and ends the process all the same."""
    command = [sys.executable, "-c", ELSEWHERE, "watch", server.uri, "--json", "--model", str(INT8)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.wait(TIMEOUT_S) == 0
        finally:
            process.kill()
        assert process.stderr.read().endswith("0 reconnects\n")


def test_a_model_that_never_answers_cannot_hold_up_a_signal(tmp_path: Path, server: StreamServer) -> None:
    """In the middle of an inference of ten minutes SIGTERM ends the process cleanly, long before that."""
    command = [sys.executable, "-c", SLOW, "watch", server.uri, "--json", "--model", str(INT8)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "busy\n"
        process.terminate()
        assert process.wait(TIMEOUT_S) == 0
        assert process.stderr.read().endswith("0 reconnects\n")


def test_it_ends_with_its_terminal(tmp_path: Path, server: StreamServer) -> None:
    """If the terminal is closed, SIGHUP ends it and does not read the model again."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edge", "watch", server.uri, "--model", str(INT8)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(theirs)
    assert os.read(ours, 10)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(TIMEOUT_S) == 0
