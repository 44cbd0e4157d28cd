"""Brokers, listeners, sinks and certificates for the tests of MQTT."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.home_assistant import HomeAssistant
from support.mosquitto import Listener, Mosquitto
from support.mqtt_sink import MadeSink
from support.whole_watch import Whole


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start a broker with the given settings; all are stopped at the end."""
    brokers = []

    def make(*settings: str) -> Mosquitto:
        broker = Mosquitto(tmp_path, *settings)
        brokers.append(broker)
        broker.start()
        return broker

    yield make
    for broker in brokers:
        broker.stop()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Listen on a port; all listeners are closed at the end."""
    listeners = []

    def make(port: int, **login: str) -> Listener:
        listeners.append(Listener(port, **login))
        return listeners[-1]

    yield make
    for listener in listeners:
        listener.close()


@pytest.fixture
def make() -> Iterator[Callable[..., MadeSink]]:
    """Make a sink; all are closed at the end."""
    made: list[MadeSink] = []

    def new(*arguments: object, **options: object) -> MadeSink:
        made.append(MadeSink(*arguments, **options))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for each in made:
        each.sink.close()


@pytest.fixture
def whole() -> Iterator[Callable[..., Whole]]:
    """Make and open a sink with everything; all are closed at the end."""
    made: list[Whole] = []

    def new(port: int, **options: object) -> Whole:
        made.append(Whole(port, **options))  # type: ignore[arg-type]
        made[-1].sink.open()
        return made[-1]

    yield new
    for each in made:
        each.sink.close()


@pytest.fixture
def discover() -> Iterator[Callable[[int], HomeAssistant]]:
    """Let a Home Assistant discover what is on a broker; all leave at the end."""
    started: list[HomeAssistant] = []

    def new(port: int) -> HomeAssistant:
        started.append(HomeAssistant(port))
        return started[-1]

    yield new
    for each in started:
        each.close()


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with an authority, ca.pem, and a certificate that it signed for 127.0.0.1, server.pem and server.key."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    new = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for arguments in (
        f"{new} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        f"{new} -subj /CN=broker -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
    ):
        try:
            subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("openssl is not installed")
    return folder
