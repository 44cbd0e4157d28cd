"""A running stream and the store: a switch is noticed, and a model that labels is confirmed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli import main
from edge.live.confirmation import StoreConfirmation
from edge.status import read_status
from edge.store.layout import Store, short
from edge.store.state import read_state
from support.observed import CARD, observe, observe_without_labels
from support.stream_server import StreamServer
from support.waiting import TIMEOUT_S, wait_for


def test_a_running_watch_confirms_a_new_model(
    store: Store, put: Callable[..., str], model: Callable[..., Path], tmp_path: Path, capsys
) -> None:
    """A real edge watch takes the new model between two frames and reports it; the install is confirmed by that."""
    first, status = put(0), tmp_path / "watch.json"
    with StreamServer() as server:
        command = ["watch", server.uri, "--json", "--status", str(status), "--model", str(store.current_model)]
        with subprocess.Popen([sys.executable, "-m", "edge", *command], stdout=subprocess.DEVNULL) as process:
            try:
                assert wait_for(lambda: read_status(status)).model_sha256 == first
                words = ["store", "install", str(model(1)), "--activate", "--status", str(status)]
                assert main([*words, "--health-window", str(TIMEOUT_S)]) == 0
                second = store.linked("current")
                assert capsys.readouterr().out == f"{second} installed, confirmed by the watch\n"
                assert not read_state(store).pending and second != first
            finally:
                process.terminate()


@pytest.mark.usefixtures("trusting")
def test_a_restarted_watch_goes_back(store: Store, put: Callable[..., str], edge_command) -> None:
    """The second start with a model that never labelled a frame goes back to the one before, with a message."""
    first, second = put(0), put(1, confirmed=False)
    words = ["watch", "http://127.0.0.1:9/none", "--model", str(store.current_model), "--retries", "0"]
    edge_command(*words)
    assert store.linked("current") == second
    done = edge_command(*words)
    assert f"edge: went back from {short(second)} to {short(first)}" in done.stderr
    assert store.linked("current") == first


@pytest.mark.usefixtures("trusting")
def test_a_model_that_is_not_current(store: Store, put: Callable[..., str]) -> None:
    """A model that is not current any more is not confirmed; there is one message, and the stream continues."""
    first, second = put(0), put(1, confirmed=False)
    messages: list[str] = []
    sink = StoreConfirmation(store, messages.append)
    sink.open()
    for _ in range(2):
        sink.write(observe(model=CARD._replace(sha256=first)))
    assert len(messages) == 1 and messages[0].startswith("the model was not confirmed in the store: ")
    assert read_state(store).pending
    sink.write(observe(model=CARD._replace(sha256=second)))
    sink.close()
    assert len(messages) == 1 and not read_state(store).pending


def test_a_model_without_labels(store: Store, put: Callable[..., str]) -> None:
    """A model that is not in the store, such as one without labels, confirms none and is named once."""
    put(0)
    pending = put(1, confirmed=False)
    messages: list[str] = []
    sink = StoreConfirmation(store, messages.append)
    sink.write(observe_without_labels(0))
    sink.write(observe_without_labels(1))
    assert read_state(store).pending
    sink.write(observe(model=CARD._replace(sha256=pending)))
    assert not read_state(store).pending
    assert len(messages) == 1
    assert "is not the current model any more" in messages[0]
