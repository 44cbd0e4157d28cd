"""A change of the store: under the lock, after repairing what an interrupted change left."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator

from edge.errors import UnavailableError
from edge.store.durable import as_storage_errors, make_folder
from edge.store.layout import Store
from edge.store.state import State, read_state, settle
from edge.system.locks import try_lock

WAIT_S = 120.0
"""How long a command waits for the lock: longer than the longest self-test may hold it."""

_POLL_S = 0.05


@contextlib.contextmanager
def change(store: Store, purpose: str, wait_s: float = WAIT_S) -> Iterator[State]:
    """Hold the lock for the block, which gets the state of the store; the links agree with it.

    Raises what :func:`locked` raises.
    """
    with locked(store, purpose, wait_s):
        with as_storage_errors(store.root):
            _clear(store)
        state = read_state(store)
        settle(store, state)
        yield state


def _clear(store: Store) -> None:
    """Remove the files that only an interrupted change leaves. No other process changes them: this one has the lock."""
    leftovers = [*store.root.glob(".state.json.*"), store.root / ".current.new", store.root / ".previous.new"]
    for sha256 in store.installed():
        leftovers += store.folder(sha256).glob(".model.tflite.*")
    for path in leftovers:
        path.unlink(missing_ok=True)
    for path in (*store.models.glob(".new-*"), *store.models.glob(".old-*")):
        shutil.rmtree(path)


@contextlib.contextmanager
def locked(store: Store, purpose: str, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the store's lock for the block; ``purpose`` is what waiting processes name in their message.

    The kernel releases the lock when the process ends, however it ends.

    Raises :class:`~edge.errors.UnavailableError` if another process still has it after ``wait_s`` seconds,
    and :class:`~edge.errors.StorageError` if the store cannot be written.
    """
    path = store.root / "lock"
    with as_storage_errors(store.root):
        make_folder(store.root)
        descriptor = _open(os.fspath(path))
    try:
        deadline = time.monotonic() + wait_s
        while not _take(store, descriptor):
            if time.monotonic() >= deadline:
                raise UnavailableError(f"{store.root}: in use by {_holder(descriptor)}; try again when that has ended")
            time.sleep(_POLL_S)
        with contextlib.suppress(OSError):  # a full disk, or a lock file that belongs to root: the lock itself works
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "purpose": purpose}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(store: Store, descriptor: int) -> bool:
    """Whether this process has the lock now; not every network drive has locks."""
    with as_storage_errors(store.root):
        return try_lock(descriptor)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:  # made by root; a service that may change the folder may still lock it
        return os.open(path, os.O_RDONLY)


def _holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 1000, 0))
        return f"process {holder['pid']} (edge store {holder['purpose']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
