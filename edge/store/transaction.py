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
    """Remove what only an interrupted change leaves: whatever hides. Nobody else is at work, we have the lock."""
    for folder in (store.root, store.models, *(store.folder(sha256) for sha256 in store.installed())):
        for path in folder.glob(".*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
