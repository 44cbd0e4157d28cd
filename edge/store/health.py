"""The health window: a model that has just become current is confirmed in time, or the store goes back by itself."""

from __future__ import annotations

import time
from pathlib import Path

from edge.errors import EdgeError, ModelError, StorageError
from edge.status import WatchStatus, read_status
from edge.store.activate import confirm, give_up
from edge.store.isolated_check import check_in_child
from edge.store.layout import Store, short
from edge.store.state import State
from edge.store.transaction import change

_POLL_S = 0.1


def await_confirmation(store: Store, sha256: str, *, window_s: float, status: Path, before: WatchStatus | None) -> str:
    """Wait until the pending model ``sha256`` works, and confirm it; returns ``watch`` or ``self-test``.

    ``before`` is the content of the status file ``status`` before the model was activated. If an ``edge watch`` was
    labelling frames then with a model of this store, it must label one with the new model within ``window_s`` seconds,
    or twice its ``--every`` if that is longer. If it labels with another one, or ends, the store goes back. If it was
    not labelling, or no frame comes (a quiet source is no fault of the model), the self-test must pass once more
    through the ``current`` link.

    Raises :class:`~edge.errors.ModelError` if the model was not confirmed, after going back. If it could not be
    checked, it stays pending, and the error is that of :func:`~edge.store.isolated_check.check_in_child`.
    """
    if before is None or not before.is_fresh or before.model_sha256 not in store.installed():
        return confirm_by_self_test(store, sha256)
    window_s = window_of(window_s, before.every_s)
    latest, problem = None, None
    deadline = time.monotonic() + window_s
    while time.monotonic() < deadline:
        try:
            latest, problem = read_status(status), None
        except StorageError as error:
            latest, problem = None, str(error)
        if latest and latest.text != before.text and latest.model_sha256 == sha256:
            confirm(store, sha256)
            return "watch"
        time.sleep(_POLL_S)
    if latest and (latest.text == before.text or not latest.is_fresh):
        return confirm_by_self_test(store, sha256)
    if latest:
        problem = f"edge watch (process {latest.pid}) labelled no frame with it within {window_s:g} s"
    raise go_back_from(store, sha256, problem or f"edge watch (process {before.pid}) has ended")


def window_of(window_s: float, every_s: float) -> float:
    """The health window in seconds: ``window_s``, but at least twice ``every_s``, the time between two frames."""
    return max(window_s, 2 * every_s)


def confirm_by_self_test(store: Store, sha256: str) -> str:
    """Confirm the pending model ``sha256`` if its self-test passes through the ``current`` link.

    Returns ``self-test``. Raises what :func:`await_confirmation` raises.
    """
    try:
        check_in_child(store.current_model)
    except ModelError as error:
        raise go_back_from(store, sha256, str(error)) from None
    except EdgeError as error:
        raise type(error)(f"{short(sha256)} is current, but not confirmed yet: {error}") from None
    confirm(store, sha256)
    return "self-test"


def go_back_from(store: Store, sha256: str, reason: str) -> ModelError:
    """Go back from the pending ``sha256``; returns the error that says so."""
    with change(store, "go back") as state:
        after: State = give_up(store, state, reason) if state.pending and state.current == sha256 else state
    result = "and there is no model to go back to" if after.current == sha256 else f"{short(after.current)} is current"
    return ModelError(f"{short(sha256)} was not confirmed: {reason}; {result}")
