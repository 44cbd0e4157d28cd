"""Confirm in the store that its model works, as soon as a frame was labelled with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge.errors import EdgeError
from edge.store.activate import confirm
from edge.store.layout import Store
from edge.types import Observation

_CLOSE_WITHIN_S = 0.5


class StoreConfirmation:
    """A sink that confirms a pending model with the first frame that was labelled with it."""

    name = "store"

    def __init__(self, store: Store, write_message: Callable[[str], None]) -> None:
        """Confirm models of ``store``; ``write_message`` gets one line if that fails."""
        self._store = store
        self._write_message = write_message
        self._sha256: str | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Nothing to do."""

    def write(self, observation: Observation) -> None:
        """Confirm the model of ``observation``, once."""
        if observation.model.sha256 != self._sha256:
            self._sha256 = observation.model.sha256
            self._confirm(self._sha256)

    def confirm_beside(self, sha256: str) -> None:
        """Confirm the model ``sha256``, which has labelled a picture, once, on a thread of its own.

        Another command may have the store, or its disk may hang, and no request waits for that. If no thread can be
        started, the next picture tries it again.
        """
        if sha256 == self._sha256:
            return
        self._sha256 = sha256
        self._thread = threading.Thread(target=self._confirm, args=(sha256,), name="store confirmation", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._sha256 = self._thread = None

    def close(self) -> None:
        """Wait a moment for the thread of :meth:`confirm_beside`."""
        if (thread := self._thread) is not None:
            thread.join(_CLOSE_WITHIN_S)

    def _confirm(self, sha256: str) -> None:
        try:
            confirm(self._store, sha256)
        except EdgeError as error:  # an error of the store does not stop the stream
            self._write_message(f"the model was not confirmed in the store: {error}")
