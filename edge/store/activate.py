"""Making another model the current one, and going back."""

from __future__ import annotations

from dataclasses import replace

from edge.errors import DataError, ModelError, UsageError
from edge.store.compatibility import check_runtime
from edge.store.isolated_check import check_in_child
from edge.store.layout import Store, short
from edge.store.state import Return, State, write_state
from edge.store.transaction import change
from edge.store.verify import is_intact, is_valid, verify


def activate(store: Store, sha256: str, *, allow_older: bool = False) -> State:
    """Make the installed model ``sha256`` current, and *pending* until it is confirmed; returns the new state.

    It is verified and its self-test is run first. Nothing changes if it is current already.

    Raises :class:`~edge.errors.ModelError` if it is refused, and :class:`~edge.errors.UsageError` if it was first
    installed here before the current one and ``allow_older`` is not given.
    """
    with change(store, "activate") as state:
        refuse_older(state, sha256, allow_older=allow_older)
        check_runtime(verify(store, sha256))
        if sha256 != state.current:
            check_in_child(store.model(sha256))
        return switch(store, state, sha256)


def refuse_older(state: State, sha256: str, *, allow_older: bool) -> None:
    """Raise :class:`~edge.errors.UsageError` if ``sha256`` is older than the current model, without ``allow_older``."""
    if state.is_older(sha256) and not allow_older:
        raise UsageError(
            f"{short(sha256)} was installed here before the current {short(state.current)}; "
            "give --allow-older to activate it, or run edge store rollback"
        )


def switch(store: Store, state: State, sha256: str) -> State:
    """Make ``sha256``, which has been checked, current and pending. The lock must be held."""
    if sha256 == state.current:
        return state
    if state.pending:  # a model that was never confirmed is not one to go back to
        previous, earlier = state.previous, state.earlier
    else:
        previous, earlier = state.current, state.previous
    if previous == sha256:
        previous = earlier
    state = replace(state, current=sha256, previous=previous, pending=True, starts=0, earlier=earlier, returned=None)
    write_state(store, state)
    return state


def confirm(store: Store, sha256: str | None = None) -> State:
    """Take the pending mark off the current model; returns the new state.

    With ``sha256`` this is done only if that is the current model: the caller says which model it saw working.

    Raises :class:`~edge.errors.DataError` if there is no current model, or ``sha256`` is another one, and
    :class:`~edge.errors.ModelError` if its file is damaged.
    """
    with change(store, "confirm") as state:
        if state.current is None:
            raise DataError(f"{store.root}: no model is current; run edge store install FILE --activate")
        if sha256 not in (None, state.current):
            raise DataError(
                f"{short(sha256)} is not the current model any more, {short(state.current)} is; nothing was changed"
            )
        if state.pending:
            if not is_intact(store, state.current):
                raise ModelError(f"{short(state.current)}: damaged on the disk; install it again")
            state = replace(state, pending=False, starts=0, earlier=None)
            write_state(store, state)
        return state


def rollback(store: Store) -> State:
    """Go back to the previous model, which is verified first; returns the new state.

    A second call changes nothing, so that the command can be repeated after a cut connection. To go forward again, or
    further back, use :func:`activate`.

    Raises :class:`~edge.errors.DataError` if there is no model to go back to, and
    :class:`~edge.errors.ModelError` if that one is damaged.
    """
    with change(store, "rollback") as state:
        if state.returned and state.returned.target == state.current:
            return state
        if state.current is None or state.previous is None:
            raise DataError(
                f"{store.root}: there is no previous model to go back to; edge store list shows what is here"
            )
        verify(store, state.previous)
        return _go_back(store, state, state.previous, "edge store rollback was run", by_itself=False)


def give_up(store: Store, state: State, reason: str) -> State:
    """Go back from the current model to the first valid one: the previous, the one before it, then the newest.

    Returns ``state`` as it is if no other model is valid. The lock must be held.
    """
    candidates = [state.previous, state.earlier, *reversed(state.history)]
    for sha256 in dict.fromkeys(candidates):
        if sha256 and sha256 != state.current and is_valid(store, sha256):
            return _go_back(store, state, sha256, reason, by_itself=True)
    return state


def _go_back(store: Store, state: State, target: str, reason: str, *, by_itself: bool) -> State:
    assert state.current is not None
    doubtful = state.pending or by_itself
    previous = state.earlier if doubtful else state.current
    state = replace(
        state,
        current=target,
        previous=None if previous == target else previous,
        pending=False,
        starts=0,
        earlier=None,
        returned=Return(state.current, target, reason, by_itself),
    )
    write_state(store, state)
    return state
