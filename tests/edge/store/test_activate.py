"""Switching, confirming, going back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import DataError, EdgeError, ModelError, UsageError
from edge.store.activate import activate, confirm, give_up, rollback
from edge.store.install import InstallRequest, install
from edge.store.layout import Store, short
from edge.store.retention import collect
from edge.store.start import start_model
from edge.store.state import Return, read_state
from edge.store.transaction import change
from edge.store.verify import is_intact, verify
from support import surgery

pytestmark = pytest.mark.usefixtures("trusting")


def test_a_new_model_is_pending_until_confirmed(store: Store, put: Callable[..., str]) -> None:
    """The links say what is current and previous; confirming takes the mark off, and again changes nothing."""
    first, second = put(0), put(1, activate=False)
    state = activate(store, second)
    assert (state.current, state.previous, state.pending) == (second, first, True)
    assert (store.linked("current"), store.linked("previous")) == (second, first)
    with pytest.raises(DataError, match=f"{short(first)} is not the current model any more, {short(second)} is"):
        confirm(store, first)
    state = confirm(store, second)
    assert not state.pending and confirm(store) == state == read_state(store)


def test_the_store_never_goes_back_to_what_was_not_confirmed(store: Store, put: Callable[..., str]) -> None:
    """Two activations in a row: the way back leads to the last model that was confirmed."""
    first = put(0)
    put(1, confirmed=False)
    third = put(2, confirmed=False)
    state = read_state(store)
    assert (state.current, state.previous) == (third, first)


def test_rollback_can_be_repeated(store: Store, put: Callable[..., str]) -> None:
    """A second rollback changes nothing; forward again goes activate."""
    first, second = put(0), put(1)
    state = rollback(store)
    assert (state.current, state.previous, state.pending) == (first, second, False)
    assert state.returned == Return(second, first, "edge store rollback was run", False)
    assert rollback(store) == state
    assert activate(store, second).current == second


def test_rollback_of_a_pending_model_forgets_it(store: Store, put: Callable[..., str]) -> None:
    """What was previous before it is previous again."""
    first, second = put(0), put(1)
    put(2, confirmed=False)
    state = rollback(store)
    assert (state.current, state.previous, state.pending) == (second, first, False)


def test_nothing_to_go_back_to(store: Store, put: Callable[..., str]) -> None:
    """An empty store, or one with a single model, says so."""
    with pytest.raises(DataError, match="no previous model"):
        rollback(store)
    with pytest.raises(DataError, match="no model is current"):
        confirm(store)
    put(0)
    with pytest.raises(DataError, match="no previous model"):
        rollback(store)


def test_a_damaged_model_is_not_switched_to(store: Store, put: Callable[..., str]) -> None:
    """Neither by activate nor by rollback nor by confirm."""
    first, second = put(0), put(1)
    store.model(first).write_bytes(surgery.tiny()[:-1])
    with pytest.raises(ModelError, match=f"{short(first)}: damaged on the disk; install it again"):
        rollback(store)
    with pytest.raises(ModelError, match="damaged"):
        activate(store, first, allow_older=True)
    assert read_state(store).current == second
    third = put(2, confirmed=False)
    store.model(third).write_bytes(b"")
    with pytest.raises(ModelError, match="damaged"):
        confirm(store)


def test_activate_refuses_an_older_model(store: Store, put: Callable[..., str]) -> None:
    """An older model is activated only with --allow-older."""
    first = put(0)
    put(1)
    with pytest.raises(UsageError, match="--allow-older"):
        activate(store, first)
    assert activate(store, first, allow_older=True).current == first


def test_giving_up_finds_any_valid_model(store: Store, put: Callable[..., str]) -> None:
    """If the previous model is damaged, the newest of the others takes its place; if all are, nothing changes."""
    first, second, third = put(0), put(1), put(2)
    store.model(second).unlink()
    with change(store, "test") as state:
        state = give_up(store, state, "why not")
        assert (state.current, state.previous) == (first, None)
        assert state.returned == Return(third, first, "why not", True)
        store.model(third).unlink()
        assert give_up(store, state, "why not") == state


def test_a_lost_state_is_read_from_the_links(store: Store, put: Callable[..., str]) -> None:
    """A damaged state.json costs the history's order at most."""
    first, second = put(0), put(1)
    for content in (b"", b"[]", b'{"current": "../../etc"}', b"\xff"):
        (store.root / "state.json").write_bytes(content)
        state = read_state(store)
        assert (state.current, state.previous, state.pending) == (second, first, False)
        assert sorted(state.history) == sorted([first, second])
    rollback(store)
    assert read_state(store).current == first


def test_interrupted_switches_are_finished(store: Store, put: Callable[..., str]) -> None:
    """The next change repairs links that differ from the state, and removes leftovers; nothing else is changed."""
    first, second = put(0), put(1)
    (store.root / "current").unlink()
    os.symlink(f"models/{first}", store.root / "current")
    (store.root / "previous").unlink()
    (store.models / ".new-0").mkdir()
    (store.models / ".old-0").mkdir()
    (store.models / second / ".model.tflite.x").touch()
    (store.root / ".state.json.x").touch()
    (store.root / ".bashrc").touch()
    with change(store, "test"):
        pass
    assert (store.linked("current"), store.linked("previous")) == (second, first)
    assert list(store.root.rglob(".*")) == [store.root / ".bashrc"]


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["install", "activate", "older", "confirm", "rollback", "start", "gc", "damage"]),
        st.integers(0, 4),
    ),
    max_size=12,
)


@settings(max_examples=25)
@given(OPERATIONS)
def test_whatever_is_done_a_whole_model_is_current(operations: list[tuple[str, int]]) -> None:
    """Any order of operations: current is whole unless it was damaged, and the way back is never removed."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        files = []
        for number in range(5):
            files.append(Path(folder) / f"{number}.tflite")
            files[-1].write_bytes(surgery.numbered(number))
        for operation, number in operations:
            _do(store, files, operation, number)
            state = read_state(store)
            assert (store.linked("current"), store.linked("previous")) == (state.current, state.previous)
            assert state.protected() <= set(store.installed()) <= set(state.history)
            assert state.current is None or state.current != state.previous
            if state.current and operation != "damage":
                verify(store, state.current)


def _do(store: Store, files: list[Path], operation: str, number: int) -> None:
    there = store.installed()
    chosen = there[number % len(there)] if there else "0" * 64
    try:
        if operation in ("install", "older"):
            request = InstallRequest(files[number], activate=operation == "older", allow_older=True)
            install(store, request)
        elif operation == "activate":
            activate(store, chosen)
        elif operation == "confirm":
            confirm(store)
        elif operation == "rollback":
            rollback(store)
        elif operation == "gc":
            with change(store, "gc") as state:
                collect(store, state, number + 1)
        elif operation == "start":
            path = start_model(store, lambda line: None)
            assert path == store.model(read_state(store).current or "")
        elif operation == "damage" and store.linked("current"):
            _damage_and_mend(store, files)
    except EdgeError:
        pass


def _damage_and_mend(store: Store, files: list[Path]) -> None:
    """Flip a bit of the current model; a start goes elsewhere if it can, then all models are installed again."""
    damaged = store.linked("current")
    assert damaged is not None
    content = store.model(damaged).read_bytes()
    store.model(damaged).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    others = [sha256 for sha256 in store.installed() if sha256 != damaged]
    try:
        assert start_model(store, lambda line: None) != store.model(damaged) or not others
    except ModelError:
        assert not others
    for file in files:
        install(store, InstallRequest(file))
    current = store.linked("current")
    if not is_intact(store, current):
        store.model(damaged).write_bytes(content)
