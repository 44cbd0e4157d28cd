"""A real mosquitto on a free port of this machine, and a listener, for the tests of MQTT."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.ports import free_port

WAIT_S = 20.0


def _program(name: str) -> str:
    """The path of a program of mosquitto; the test is skipped if it is not installed."""
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install mosquitto")
    return found


def set_password(file: Path, user: str, password: str) -> None:
    """Write ``user`` and ``password`` into the password ``file`` of a broker, and make the file if it is missing."""
    new = () if file.exists() else ("-c",)
    command = [_program("mosquitto_passwd"), "-b", *new, str(file), user, password]
    subprocess.run(command, check=True, capture_output=True)


class Mosquitto:
    """A broker in ``folder``; ``settings`` are lines of its configuration."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._program = _program("mosquitto")
        self.port = free_port()
        self._configuration = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "user root", *(settings or ["allow_anonymous true"])]
        self._configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [self._program, "-c", str(self._configuration)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        seen = ""
        for line in self._process.stderr:
            seen += line
            if line.rstrip().endswith("running"):
                break
        else:
            raise AssertionError(seen)
        threading.Thread(target=self._process.stderr.read, daemon=True).start()

    def stop(self) -> None:
        """End it; its retained messages are lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(WAIT_S)
            self._process = None


class Listener:
    """Receives all messages of a broker; ``messages`` maps a topic to its payloads."""

    def __init__(self, port: int, **login: Any) -> None:
        client_module = pytest.importorskip("paho.mqtt.client")
        self.messages: dict[str, list[str]] = {}
        self.retained: set[str] = set()
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self.client = client_module.Client(client_module.CallbackAPIVersion.VERSION2)
        if login:
            self.client.username_pw_set(login["user"], login["password"])
        self.client.on_message = self._on_message
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("#", qos=1)
        assert self._subscribed.wait(WAIT_S)

    def _on_message(self, client: object, userdata: object, message: Any) -> None:
        with self._changed:
            self.messages.setdefault(message.topic, []).append(message.payload.decode(errors="replace"))
            if message.retain:
                self.retained.add(message.topic)
            self._changed.notify_all()

    def wait(self, topic: str, wanted: Callable[[list[str]], object] = bool, timeout_s: float = WAIT_S) -> bool:
        """Whether the payloads of ``topic`` are as ``wanted`` within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: wanted(self.messages.get(topic, [])), timeout_s)

    def received(self, topic: str, count: int = 1) -> list[Any]:
        """The first ``count`` payloads of ``topic``, waited for, decoded if they are JSON."""
        assert self.wait(topic, lambda payloads: len(payloads) >= count), self.messages
        payloads = self.messages[topic][:count]
        return [json.loads(payload) if payload.startswith("{") else payload for payload in payloads]

    def close(self) -> None:
        """Stop listening."""
        self.client.disconnect()
        self.client.loop_stop()
