"""What a program that serves for weeks does first: take the model that this device is to run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edge.errors import ModelError, StorageError, UnavailableError
from edge.store.activate import give_up
from edge.store.layout import Store, short
from edge.store.state import State, write_state
from edge.store.transaction import change
from edge.store.verify import is_intact

_WAIT_S = 10.0  # an install may be under way; a boot does not wait for it to the end


def start_model(
    store: Store, tell: Callable[[str], None] = lambda line: print(f"edge: {line}", file=sys.stderr)
) -> Path:
    """The model file of ``store`` to run, for ``edge watch`` and whatever else is restarted after a crash.

    A pending model gets one start. If it was not confirmed by the next one, it is taken for the reason of the
    crash, and the store goes back. What is returned has the bytes that its sha256 stands for: where the
    current model is damaged, the store goes back too. ``tell`` gets one line about whatever is not as usual.

    A store that cannot be written, or is busy, is read as it is.

    Raises :class:`~edge.errors.ModelError` where no whole model is there.
    """
    if not store.installed():
        raise ModelError(f"{store.root}: no model is installed; edge store install FILE --activate")
    try:
        with change(store, "start", _WAIT_S) as state:
            current = _start(store, state, tell).current
    except (StorageError, UnavailableError) as error:
        tell(f"the start is not noted: {error}")
        linked = store.linked("current")
        current = linked if is_intact(store, linked) else store.linked("previous") or linked
    if current is None:
        raise ModelError(f"{store.root}: no model is current; edge store activate SHA")
    if not is_intact(store, current):
        raise ModelError(f"{store.root}: {short(current)} is damaged, and no other model is whole; install one again")
    return store.model(current)


def _start(store: Store, state: State, tell: Callable[[str], None]) -> State:
    reason = None
    if not is_intact(store, state.current):
        reason = "it is damaged on the disk"
    elif state.pending and state.starts:
        reason = "it was started before and never confirmed"
    if state.current and reason:
        after = give_up(store, state, reason)
        if after != state:
            tell(f"went back from {short(state.current)} to {short(after.current)}: {reason}")
            return after
        tell(f"{short(state.current)}: {reason}, and there is no other model to go back to")
    if state.pending:
        state = replace(state, starts=state.starts + 1)
        write_state(store, state)
    return state
