"""The health window: a model that has just become current proves itself, or the store goes back by itself."""

from __future__ import annotations

import time
from pathlib import Path

from edge.errors import ModelError, StorageError
from edge.status import Report, read_report
from edge.store.activate import confirm, give_up
from edge.store.layout import Store, short
from edge.store.self_test import TIME_LIMIT_S, prove
from edge.store.state import State
from edge.store.transaction import change

_POLL_S = 0.1


def await_confirmation(store: Store, sha256: str, window_s: float, status: Path, before: Report | None) -> str:
    """Wait until the pending model ``sha256`` has proved itself, and confirm it; returns what did: watch, self-test.

    Where an ``edge watch`` ran with a model of this store when it was activated (``before``, its report at that
    time), it must report frames labelled with the new one within ``window_s`` seconds. Where none did, the
    self-test must pass once more through the ``current`` link.

    Raises :class:`~edge.errors.ModelError` where the model did not prove itself, after going back.
    """
    if before is None or before.model_sha256 not in store.installed():
        try:
            prove(store.current_model, min(TIME_LIMIT_S, max(window_s, 1.0)))
        except ModelError as error:
            raise _gone_back(store, sha256, str(error)) from None
        confirm(store, sha256)
        return "self-test"
    reason = f"edge watch (process {before.pid}) reported no frame labelled with it within {window_s:g} s"
    deadline = time.monotonic() + window_s
    while time.monotonic() < deadline:
        try:
            report = read_report(status)
        except StorageError as error:
            report, reason = None, str(error)
        if report and report.text != before.text and report.model_sha256 == sha256:
            confirm(store, sha256)
            return "watch"
        time.sleep(_POLL_S)
    raise _gone_back(store, sha256, reason)


def _gone_back(store: Store, sha256: str, reason: str) -> ModelError:
    """Go back from the pending ``sha256``; returns the error that says so."""
    with change(store, "go back") as state:
        after: State = give_up(store, state, reason) if state.pending and state.current == sha256 else state
    fate = "and there is nothing to go back to" if after.current == sha256 else f"{short(after.current)} is current"
    return ModelError(f"{short(sha256)} did not prove itself: {reason}; {fate}")
