"""Handing over: the model that is saved, what the store makes of it, and the way back."""

from __future__ import annotations

import dataclasses
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import UsageError
from edge.modelfile.model_file import ModelFile
from edge.store.layout import Store
from edge.store.state import read_state
from support.status_file import write_status
from support.waiting import wait_for
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.teach.handover import ModelHandover


class Changes:
    """Every state that was announced; a function of ``on`` is called at a state."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.handover: ModelHandover | None = None
        self.on: dict[str, Callable[[], None]] = {}

    def __call__(self) -> None:
        assert self.handover is not None
        self.states.append(self.handover.state.state)
        self.on.get(self.states[-1], lambda: None)()


def hand_over(
    options: RetrainOptions, store: Store | None = None, status: Path | None = None, window_s: float = 30.0
) -> tuple[ModelHandover, Changes]:
    """A handover of the tiny photos, and what it announces."""
    changes = Changes()
    final = dataclasses.replace(options, final=True)
    changes.handover = ModelHandover(
        final, announce=changes, store=store, status=status, progress=Progress(), window_s=window_s
    )
    return changes.handover, changes


def test_a_model_without_a_store_is_a_file(options: RetrainOptions) -> None:
    """The file is the one of trainer retrain --final, byte for byte."""
    handover, changes = hand_over(options)
    handover.save()
    handover.wait()
    assert handover.state.state == "saved"
    assert handover.state.path == options.output
    saved = options.output.read_bytes()
    assert handover.state.size_bytes == len(saved)
    (again,) = retrain_all(dataclasses.replace(options, final=True), Progress())
    assert again.path.read_bytes() == saved
    assert handover.state.accuracy == again.accuracy
    assert changes.states == ["saving", "saved"]


def test_a_save_that_answers_the_end_of_the_last_one(options: RetrainOptions) -> None:
    """Whoever saw that a model is saved may save the next one, though the thread of the last has not ended yet."""
    handover, changes = hand_over(options)
    second = threading.Thread(target=handover.save)

    def click() -> None:
        if len(changes.states) == 2:
            second.start()
            wait_for(handover._lock.locked)  # it waits for this thread

    changes.on["saved"] = click
    handover.save()
    handover.wait()
    second.join()
    handover.wait()
    assert changes.states == ["saving", "saved"] * 2


def test_without_a_store_there_is_no_way_back(options: RetrainOptions) -> None:
    """Going back without a store is an error that names the option."""
    handover, _ = hand_over(options)
    assert not handover.state.can_go_back
    with pytest.raises(UsageError, match="--store"):
        handover.back()


def test_a_model_runs_after_its_self_test(options: RetrainOptions, tmp_path: Path) -> None:
    """Without an edge watch the self-test confirms the model; a second, other one can be taken back."""
    store = Store(tmp_path / "store")
    handover, changes = hand_over(options, store)
    handover.save()
    handover.wait()
    assert handover.state.state == "running", handover.state.text
    assert "its self-test" in handover.state.text
    assert changes.states == ["saving", "saving", "installed", "running"]
    first = read_state(store)
    assert first.current is not None and not first.pending and not handover.state.can_go_back

    shutil.rmtree(options.folder / "red")
    handover.save()
    handover.wait()
    second = read_state(store)
    assert second.previous == first.current and handover.state.can_go_back
    assert ModelFile.load(store.current_model).labels == ("blue", "green")

    handover.back()
    handover.wait()
    assert read_state(store).current == first.current
    assert handover.state.state == "running" and "back to" in handover.state.text


def test_the_same_photos_again_change_nothing(options: RetrainOptions, tmp_path: Path) -> None:
    """A model that is current already stays so."""
    store = Store(tmp_path / "store")
    handover, _ = hand_over(options, store)
    for text in ("running, confirmed", "was the current model already"):
        handover.save()
        handover.wait()
        assert handover.state.state == "running" and text in handover.state.text


def test_a_watch_that_does_not_take_the_model_sends_it_back(options: RetrainOptions, tmp_path: Path) -> None:
    """If the edge watch of the device goes on with the old model, the store goes back, and the state says why."""
    store, status = Store(tmp_path / "store"), tmp_path / "watch.json"
    handover, changes = hand_over(options, store, status, window_s=0.2)
    handover.save()
    handover.wait()
    first = read_state(store).current
    shutil.rmtree(options.folder / "red")
    assert first is not None
    write_status(status, first)
    # It labels on with the old model after the new one has become current.
    changes.on["installed"] = lambda: write_status(status, first, frames=2)
    handover.save()
    handover.wait()
    assert handover.state.state == "returned", handover.state.text
    assert "labelled no frame with it" in handover.state.text
    assert read_state(store).current == first


def test_too_few_photos_are_refused_in_one_line(options: RetrainOptions, tmp_path: Path) -> None:
    """A class with one photo is named, and the store stays empty."""
    store = Store(tmp_path / "store")
    for path in sorted((options.folder / "red").iterdir())[1:]:
        path.unlink()
    handover, _ = hand_over(options, store)
    handover.save()
    handover.wait()
    assert handover.state.state == "refused"
    assert "class 'red' has too few photos (1)" in handover.state.text
    assert "\n" not in handover.state.text
    assert read_state(store).current is None
