"""The models of a server while it runs: replaced without a lost request, refused, confirmed in the store."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.inference.classifier import SCORE_THRESHOLD, TOP_K
from edge.live.model import ModelChoice
from edge.live.swap import ModelSwap
from edge.serving.label_pool import LabelSettings
from edge.store.layout import Store
from edge.store.state import read_state
from edge.store.transaction import locked
from support.delegates import FAVOURED, choice
from support.label_server import FLOAT32, INT8, Client, photo, serving
from support.surgery import Patient
from support.waiting import wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at a hundred times a second, and need to be unchanged for a twentieth."""
    monkeypatch.setitem(ModelSwap.__init__.__kwdefaults__, "poll_s", 0.01)
    monkeypatch.setitem(ModelSwap.__init__.__kwdefaults__, "settle_s", 0.05)


def _replace(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    os.replace(new, path)


def test_a_delegate_labels(delegate_library: Path, tmp_path: Path) -> None:
    """The workers have it, for both models: all are tried before one of them has its device."""
    delegate = choice(delegate_library, device=tmp_path / "device", **FAVOURED)
    bare = {path.stem: tmp_path / path.name for path in (INT8, FLOAT32)}  # without the self-test that it cannot pass
    for path in (INT8, FLOAT32):
        bare[path.stem].write_bytes(Patient(path.read_bytes()).foreign().content)
    choices = {name: ModelChoice(path, None, 1, None, delegate=delegate) for name, path in bare.items()}
    labelling = LabelSettings(None, TOP_K, SCORE_THRESHOLD, reject=False, delegate=delegate)
    with serving(choices=choices, labelling=labelling) as client:
        for name in choices:
            assert client.label(photo("red"), query=f"?model={name}").json["labels"][0] == "green"


def _quantization(client: Client) -> str:
    return str(client.ask("GET", "/models").json[0]["quantization"])


def test_a_swap_loses_no_request(tmp_path: Path) -> None:
    """While four clients send without a pause, the file is replaced five times: every request has its label."""
    path = tmp_path / "model.tflite"
    shutil.copy(INT8, path)
    statuses: list[tuple[int, str]] = []
    done = threading.Event()
    with serving([path]) as client:

        def send() -> None:
            while not done.is_set():
                answer = client.label(photo("red"))
                statuses.append((answer.status, answer.json["labels"][0]))

        clients = [threading.Thread(target=send) for _ in range(4)]
        for one in clients:
            one.start()
        for number in range(5):
            content, quantization = ((FLOAT32, "float32"), (INT8, "int8"))[number % 2]
            _replace(path, content.read_bytes())
            wait_for(lambda wanted=quantization: _quantization(client) == wanted)  # type: ignore[misc]
        done.set()
        for one in clients:
            one.join()
        assert client.server.counts.changes("model_swaps") == 5
    assert len(statuses) > 20
    assert set(statuses) == {(200, "red")}


def test_a_damaged_file_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The old model stays and goes on; the refusal is a line and is counted."""
    path = tmp_path / "model.tflite"
    shutil.copy(INT8, path)
    with serving([path]) as client:
        _replace(path, FLOAT32.read_bytes()[:-100])
        wait_for(lambda: client.server.counts.changes("model_refusals") == 1)
        assert client.label(photo("blue")).json["labels"][0] == "blue"
        assert _quantization(client) == "int8"
    assert "new model refused" in capfd.readouterr().err


@pytest.mark.usefixtures("trusting")
def test_the_stores_model_is_confirmed_with_its_first_picture(
    store: Store, put: Callable[..., str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A pending model is started once, confirmed when it has labelled, and replaced by the next one in silence."""
    first = put(0, confirmed=False)
    with serving([store.current_model]) as client:
        assert read_state(store).pending
        assert client.label(photo("red")).status == 200
        wait_for(lambda: not read_state(store).pending)
        before = client.server.models.get(None)
        second = put(1, confirmed=False)
        wait_for(lambda: client.ask("GET", "/models").json[0]["sha256"] == second)
        assert read_state(store).pending
        assert client.label(photo("red")).status == 200
        wait_for(lambda: not read_state(store).pending)
        assert before.confirm is not None
        before.confirm(before.file.sha256)  # a picture that was in work when the second one took over
    assert first != second
    assert "not confirmed" not in capfd.readouterr().err


@pytest.mark.usefixtures("trusting")
def test_another_command_has_the_store(store: Store, put: Callable[..., str]) -> None:
    """No picture waits for it; the model is confirmed when the store is free."""
    put(0, confirmed=False)
    with serving([store.current_model], workers=1) as client:
        with locked(store, "test"):
            assert [client.label(photo("red")).status for _ in range(2)] == [200, 200]
            assert read_state(store).pending
        wait_for(lambda: not read_state(store).pending)


def test_a_batch_has_one_model(tmp_path: Path) -> None:
    """What was accepted is labelled by the model of that moment, though another one came since."""
    path = tmp_path / "model.tflite"
    shutil.copy(INT8, path)
    with serving([path]) as client:
        models = client.server.models
        before = models.get(None)
        _replace(path, FLOAT32.read_bytes())
        wait_for(lambda: models.get(None).card.quantization == "float32")
        assert before.card.quantization == "int8"
        assert before.file is not models.get(None).file
