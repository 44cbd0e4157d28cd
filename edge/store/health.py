"""The health window: a model that has just become current is confirmed in time, or the store goes back by itself."""

from __future__ import annotations

import time
from pathlib import Path

from edge.errors import ModelError, StorageError
from edge.status import WatchStatus, read_status
from edge.store.activate import confirm, give_up
from edge.store.isolated_self_test import TIME_LIMIT_S, self_test_in_child
from edge.store.layout import Store, short
from edge.store.state import State
from edge.store.transaction import change

_POLL_S = 0.1


def await_confirmation(store: Store, sha256: str, *, window_s: float, status: Path, before: WatchStatus | None) -> str:
    """Wait until the pending model ``sha256`` works, and confirm it; returns ``watch`` or ``self-test``.

    ``before`` is the content of the status file ``status`` before the model was activated. If an ``edge watch`` ran
    then with a model of this store, it must write within ``window_s`` seconds that it labelled frames with the new
    one. If none ran, the self-test must pass once more through the ``current`` link.

    Raises :class:`~edge.errors.ModelError` if the model was not confirmed, after going back.
    """
    if before is None or before.model_sha256 not in store.installed():
        try:
            self_test_in_child(store.current_model, time_limit_s=min(TIME_LIMIT_S, max(window_s, 1.0)))
        except ModelError as error:
            raise _gone_back(store, sha256, str(error)) from None
        confirm(store, sha256)
        return "self-test"
    reason = no_frame = f"edge watch (process {before.pid}) labelled no frame with it within {window_s:g} s"
    deadline = time.monotonic() + window_s
    while time.monotonic() < deadline:
        try:
            latest, reason = read_status(status), no_frame
        except StorageError as error:
            latest, reason = None, str(error)
        if latest and latest.text != before.text and latest.model_sha256 == sha256:
            confirm(store, sha256)
            return "watch"
        time.sleep(_POLL_S)
    raise _gone_back(store, sha256, reason)


def _gone_back(store: Store, sha256: str, reason: str) -> ModelError:
    """Go back from the pending ``sha256``; returns the error that says so."""
    with change(store, "go back") as state:
        after: State = give_up(store, state, reason) if state.pending and state.current == sha256 else state
    result = "and there is no model to go back to" if after.current == sha256 else f"{short(after.current)} is current"
    return ModelError(f"{short(sha256)} was not confirmed: {reason}; {result}")
