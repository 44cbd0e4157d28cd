"""The start of a program that runs for weeks: which model this device must run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edge.errors import ModelError, StorageError, UnavailableError
from edge.messages import print_message
from edge.store.activate import give_up
from edge.store.layout import Store, short
from edge.store.state import State, write_state
from edge.store.transaction import change
from edge.store.verify import is_intact

_WAIT_S = 10.0  # another command may hold the lock; a start does not wait until that ends


def start_model(store: Store, write_message: Callable[[str], None] = print_message) -> Path:
    """The model file of ``store`` to run, for ``edge watch`` and other programs that are restarted after a crash.

    A pending model gets one start. If it is not confirmed before the next start, it counts as the cause of a crash, and
    the store goes back. The returned file has the bytes that its sha256 stands for: if the current model is damaged,
    the store goes back too. ``write_message`` gets one line about everything that is not as usual.

    A store that cannot be written, or is busy, is read as it is.

    Raises :class:`~edge.errors.ModelError` if no model is whole.
    """
    if not store.installed():
        raise ModelError(f"{store.root}: no model is installed; run edge store install FILE --activate")
    try:
        with change(store, "start", _WAIT_S) as state:
            current = _start(store, state, write_message).current
    except (StorageError, UnavailableError) as error:
        write_message(f"this start is not counted: {error}")
        linked = store.linked("current")
        current = linked if is_intact(store, linked) else store.linked("previous") or linked
    if current is None:
        raise ModelError(f"{store.root}: no model is current; run edge store activate SHA")
    if not is_intact(store, current):
        raise ModelError(f"{store.root}: {short(current)} is damaged, and no other model is whole; install one again")
    return store.model(current)


def _start(store: Store, state: State, write_message: Callable[[str], None]) -> State:
    reason = None
    if not is_intact(store, state.current):
        reason = "it is damaged on the disk"
    elif state.pending and state.starts:
        reason = "it was started before and never confirmed"
    if state.current and reason:
        after = give_up(store, state, reason)
        if after != state:
            write_message(f"went back from {short(state.current)} to {short(after.current)}: {reason}")
            return after
        write_message(f"{short(state.current)}: {reason}, and there is no other model to go back to")
    if state.pending:
        state = replace(state, starts=state.starts + 1)
        write_state(store, state)
    return state
