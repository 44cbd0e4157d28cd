"""Actions of ``edge watch`` as a process: real commands, a real webhook, real signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.colours import encoded, plain
from support.paths import DATA
from support.waiting import TIMEOUT_S, wait_for
from support.webhook_server import SILENT, WebhookServer


class Watching:
    """``edge watch`` on a folder into which a test puts pictures; ``lines`` are its JSON, as far as it has come."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.frames, self._number = folder / "frames", 0
        self.frames.mkdir(exist_ok=True)
        shutil.copy(DATA / "tiny-int8.tflite", folder / "model.tflite")
        command = [sys.executable, "-m", "edge", "watch", str(self.frames), "--model", "model.tflite", "--json"]
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*command, "--smooth", "0", *options],
                cwd=folder,
                stdout=out,
                stderr=err,
                env={**os.environ, "XDG_STATE_HOME": str(folder / "state"), "GPIOZERO_PIN_FACTORY": "mock"},
            )

    def show(self, colour: str) -> None:
        """Give it pictures of ``colour`` until one is labelled: those before its start do not count."""
        before, pace = len(self.lines), threading.Event()

        def labelled() -> bool:
            assert self.process.poll() is None, self.messages
            self._number += 1
            path = self.frames / f".{self._number}"
            path.write_bytes(encoded(plain(colour), "PNG"))
            path.rename(self.frames / f"{self.process.pid}-{self._number}.png")
            for _ in range(50):
                if len(self.lines) > before and self.lines[-1]["label"] == colour:
                    return True
                pace.wait(0.01)
            return False

        wait_for(labelled)

    @property
    def lines(self) -> list[dict[str, object]]:
        """The labelled frames so far."""
        return [json.loads(line) for line in self._out.read_bytes().splitlines() if line.endswith(b"}")]

    @property
    def messages(self) -> list[str]:
        """The lines on stderr so far."""
        return self._err.read_text().splitlines()

    def end(self) -> int:
        """End it; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_S)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watching]]:
    """Start ``edge watch`` with options; ended afterwards."""
    started: list[Watching] = []

    def start(*options: str) -> Watching:
        started.append(Watching(tmp_path, *options))
        return started[-1]

    yield start
    for watching in started:
        watching.process.kill()
        watching.process.wait(TIMEOUT_S)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_label_comes_and_goes(watch: Callable[..., Watching], tmp_path: Path) -> None:
    """Commands run, the webhook hears of every label, the pin is switched, and the last line counts all of it."""
    pytest.importorskip("gpiozero", reason="the extra gpio is not installed")
    log, secret = tmp_path / "log", tmp_path / "secret"
    secret.write_text("topsecret\n")
    command = f"sh -c 'echo $EDGE_EVENT $EDGE_LABEL $EDGE_MODEL_NAME \"$0\" >> {log}'"
    with WebhookServer() as server:
        watching = watch(
            *("--on-label", f"red={command} '$HOME'", "--on-label-end", f"red={command} *", "--gpio", "red=17"),
            *("--webhook", server.uri, "--webhook-secret-file", str(secret)),
        )
        watching.show("red")
        watching.show("blue")
        deliveries = server.wait_for(3)
        wait_for(lambda: log.exists() and log.read_text().count("\n") == 2)
        assert watching.end() == 0
    bodies = [json.loads(delivery.body) for delivery in deliveries]
    assert [(body["event"], body["label"]) for body in bodies] == [("begin", "red"), ("end", "red"), ("begin", "blue")]
    assert {**bodies[0], "event": None} == {**watching.lines[0], "event": None}
    assert all("x-hub-signature-256" in delivery.headers for delivery in deliveries)
    assert sorted(log.read_text().splitlines()) == ["begin red model.tflite $HOME", "end red model.tflite *"]
    assert watching.messages[-1].endswith("frames labelled, 0 reconnects; command 2 done; gpio 2 done; webhook 3 done")
    assert "topsecret" not in "".join(watching.messages)


def test_what_hangs_does_not_hold_up_the_stream(watch: Callable[..., Watching], tmp_path: Path) -> None:
    """Frames are labelled, the end is in time, the command is ended, and the next start sends what was not taken."""
    pid = tmp_path / "pid"
    with WebhookServer([SILENT]) as server:
        options = ("--webhook", server.uri, "--on-label", f"red=sh -c 'echo $$ > {pid}; exec sleep 1000'")
        first = watch(*options)
        for colour in ("red", "blue", "red", "green"):
            first.show(colour)
        server.wait_for(1)
        wait_for(lambda: pid.exists() and pid.read_text().endswith("\n"))
        assert first.end() == 0
        assert not _is_running(int(pid.read_text()))
        assert any("events are kept for the next start" in line for line in first.messages)
        assert "command 1 dropped, 1 stopped" in first.messages[-1]
        second = watch("--webhook", server.uri)
        deliveries = server.wait_for(1 + 7)
        assert second.end() == 0
    labels = [json.loads(delivery.body)["label"] for delivery in deliveries[1:8]]
    assert labels == ["red", "red", "blue", "blue", "red", "red", "green"]
    assert deliveries[0].body == deliveries[1].body


def test_a_label_of_no_model(edge_command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """One line names the nearest label, and the exit code is that of a wrong option."""
    model = ("--model", str(DATA / "tiny-int8.tflite"))
    done = edge_command("watch", str(tmp_path), *model, "--on-label", "rad=true")
    assert done.returncode == 2
    assert done.stderr == ("edge: the model has no label rad; did you mean red? it has blue, green, red, and unknown\n")


def test_no_pins(edge_command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """One line says what is missing; the service is not started again for it."""
    pytest.importorskip("gpiozero", reason="the extra gpio is not installed")
    model = ("--model", str(DATA / "tiny-int8.tflite"))
    variables = {**os.environ, "GPIOZERO_PIN_FACTORY": "none-such"}
    done = edge_command("watch", str(tmp_path), *model, "--gpio", "red=17", env=variables)
    assert done.returncode == 78
    assert done.stderr.startswith("edge: --gpio: there are no pins here that gpiozero can use; ")
    assert len(done.stderr.splitlines()) == 1
