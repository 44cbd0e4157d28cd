"""A change of the store: under the lock, after what an interrupted change left behind has been put right."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from edge.store.durable import as_storage_errors
from edge.store.layout import Store
from edge.store.lock import WAIT_S, locked
from edge.store.state import State, read_state, settle


@contextlib.contextmanager
def change(store: Store, purpose: str, wait_s: float = WAIT_S) -> Iterator[State]:
    """Hold the lock for the block, which gets the state that the store is in; the links agree with it.

    Raises what :func:`edge.store.lock.locked` raises.
    """
    with locked(store, purpose, wait_s):
        with as_storage_errors(store.root):
            _clear(store)
        state = read_state(store)
        settle(store, state)
        yield state


def _clear(store: Store) -> None:
    """Remove what only an interrupted change leaves, by its name. Nobody else is at work: we have the lock."""
    leftovers = [*store.root.glob(".state.json.*"), store.root / ".current.new", store.root / ".previous.new"]
    for sha256 in store.installed():
        leftovers += store.folder(sha256).glob(".model.tflite.*")
    for path in leftovers:
        path.unlink(missing_ok=True)
    for path in (*store.models.glob(".new-*"), *store.models.glob(".old-*")):
        shutil.rmtree(path)
