"""``edge watch`` as a process, with a real broker, a real store, and a subscriber that acts as Home Assistant."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.store.layout import Store, short
from edge.store.state import read_state
from support.home_assistant import HomeAssistant
from support.mosquitto import Mosquitto
from support.stream_server import StreamServer
from support.waiting import TIMEOUT_S, wait_for

pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")
pytest.importorskip("jinja2", reason="Jinja is not installed: pip install jinja2")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[HomeAssistant]:
    """Home Assistant, on a broker of its own."""
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    try:
        subscriber = HomeAssistant(broker.port)
        yield subscriber
        subscriber.close()
    finally:
        broker.stop()


def test_the_whole_way(
    home: HomeAssistant, server: StreamServer, store: Store, put: Callable[..., str], tmp_path: Path
) -> None:
    """Home Assistant installs a model and goes back, keeps a frame, sets the threshold, and switches the watch off."""
    first, second, inbox = put(0), put(1, activate=False), tmp_path / "kept"
    address = f"mqtt://127.0.0.1:{home.port}/kitchen"
    words = ["watch", server.uri, "--json", "--model", str(store.current_model), "--mqtt", address]
    words += ["--mqtt-pictures", "1", "--capture", str(inbox)]
    err = tmp_path / "err"
    with (
        err.open("wb") as lines,
        subprocess.Popen([sys.executable, "-m", "edge", *words], stdout=subprocess.DEVNULL, stderr=lines) as process,
    ):
        try:
            home.wait(lambda: home.state("image", "Picture") and home.state("update", "Model"))
            assert home.state("update", "Model")["latest_version"].split()[1] == short(second)
            home.wait(lambda: home.state("sensor", "Label") in ("blue", "green", "red"))
            home.send("button", "Wrong", None)
            wait_for(lambda: list(inbox.glob("*/*.jpg")))
            home.send("update", "Model", None)
            home.wait(lambda: home.device["sw_version"] == short(second))
            wait_for(lambda: not read_state(store).pending)
            home.wait(lambda: not home.state("update", "Model")["in_progress"])
            assert home.state("update", "Model")["installed_version"].split()[1] == short(second)
            home.send("button", "Roll back", None)
            home.wait(lambda: home.state("update", "Model")["installed_version"].split()[1] == short(first))
            home.send("number", "Threshold", 100)
            home.shows("number", "Threshold", 100.0)
            home.send("switch", "Watch", "OFF")
            home.shows("switch", "Watch", False)
        finally:
            process.terminate()
    assert process.wait(TIMEOUT_S) == 0
    home.wait(lambda: not home.available)
    text = err.read_text(encoding="utf-8")
    assert "Traceback" not in text
    assert f"edge: mqtt: {short(second)} is current, and has labelled a frame\n" in text
