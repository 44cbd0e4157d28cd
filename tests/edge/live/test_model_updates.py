"""The models of the store, for a stream that runs: which is newest, installing it, and going back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import edge.live.model_updates
from edge.errors import DataError, ModelError
from edge.live.model_updates import StoreUpdates, model_updates
from edge.statistics import StreamStatistics
from edge.store.activate import confirm, rollback
from edge.store.health import go_back_from
from edge.store.layout import Store, short
from edge.store.state import read_state
from support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("trusting")
Put = Callable[..., str]


@pytest.fixture
def statistics() -> StreamStatistics:
    """The counts of the stream."""
    return StreamStatistics()


def versions(store: Store) -> tuple[str, str]:
    """The digits of the current and of the newest model."""
    found = StoreUpdates(store, StreamStatistics()).versions()
    return found.current.split()[1], found.newest.split()[1]


def test_which_model_is_newest(store: Store, put: Put) -> None:
    """It is the last one that was installed, also after the user went back from it."""
    first = put(0)
    assert versions(store) == (short(first), short(first))
    second = put(1, activate=False)
    assert versions(store) == (short(first), short(second))
    put(1)
    rollback(store)
    assert versions(store) == (short(first), short(second))
    summary = StoreUpdates(store, StreamStatistics()).versions().summary
    assert summary.endswith("the store went back from it: edge store rollback was run")


def test_a_model_that_did_not_work_is_not_offered(store: Store, put: Put) -> None:
    """If the store went back by itself, the model before is the newest one."""
    first, second = put(0), put(1, confirmed=False)
    go_back_from(store, second, "it was started before and never confirmed")
    assert versions(store) == (short(first), short(first))


def test_installing_while_frames_are_labelled(store: Store, put: Put, statistics: StreamStatistics) -> None:
    """It waits until a frame was labelled with the new model, which confirms it."""
    first, second = put(0), put(1, activate=False)
    updates = StoreUpdates(store, statistics)
    lines: list[str] = []
    thread = threading.Thread(target=lambda: lines.append(updates.install_newest()))
    thread.start()
    wait_for(lambda: read_state(store).pending)
    confirm(store, second)
    thread.join(60)
    assert lines == [f"{short(second)} is current, and has labelled a frame"]
    assert updates.install_newest() == f"{short(second)} is current already"
    assert updates.roll_back() == updates.roll_back() == f"{short(first)} is current"


def test_installing_without_frames(store: Store, put: Put, statistics: StreamStatistics) -> None:
    """While the camera is away, or the watch is switched off, the self-test decides."""
    put(0)
    second = put(1, activate=False)
    line = StoreUpdates(store, statistics, window_s=0.2).install_newest()
    assert line == f"{short(second)} is current, confirmed by its self-test"
    assert not read_state(store).pending


@pytest.mark.parametrize("refused", [True, False])
def test_a_new_model_that_labels_nothing(
    store: Store, put: Put, statistics: StreamStatistics, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    """If the stream refuses it, or goes on with the old one, the store goes back; time is counted here."""
    first, second = put(0), put(1, activate=False)
    passed_s = 0.0

    def label(duration_s: float) -> None:
        nonlocal passed_s
        passed_s += duration_s
        if refused:
            statistics.count("model_refusals")
        statistics.labelled(1.0, 1.0)

    monkeypatch.setattr(edge.live.model_updates, "time", SimpleNamespace(monotonic=lambda: passed_s, sleep=label))
    reason = "the running edge watch refused it" if refused else "no frame was labelled with it within 30 s"
    with pytest.raises(ModelError, match=f"^{short(second)} was not confirmed: {reason}; {short(first)} is current$"):
        StoreUpdates(store, statistics, window_s=30.0).install_newest()
    assert (passed_s < 1) == refused
    assert store.linked("current") == first and not read_state(store).pending


def test_a_store_without_a_way_back(store: Store, put: Put, statistics: StreamStatistics) -> None:
    """There is one line for it; a model file outside a store has no updates at all."""
    put(0)
    with pytest.raises(DataError, match="there is no previous model to go back to"):
        StoreUpdates(store, statistics).roll_back()
    assert model_updates(store.current_model, statistics, 0.0) is not None
    assert model_updates(Path("models/flowers.tflite"), statistics, 0.0) is None
