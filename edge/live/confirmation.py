"""Telling the store that its model works: a frame was labelled with it."""

from __future__ import annotations

from collections.abc import Callable

from edge.errors import EdgeError
from edge.store.activate import confirm
from edge.store.layout import Store
from edge.types import Observation


class StoreConfirmation:
    """A sink that takes the pending mark off a model with the first frame that was labelled with it."""

    name = "store"

    def __init__(self, store: Store, tell: Callable[[str], None]) -> None:
        """Confirm models of ``store``; ``tell`` takes one line where that fails."""
        self._store = store
        self._tell = tell
        self._seen: str | None = None

    def open(self) -> None:
        """Nothing to make ready."""

    def write(self, observation: Observation) -> None:
        """Confirm the model of ``observation``, once."""
        sha256 = observation.model.sha256
        if sha256 == self._seen:
            return
        self._seen = sha256
        try:
            confirm(self._store, sha256)
        except EdgeError as error:  # the stream goes on, whatever the store says
            self._tell(f"the store was not told that its model works: {error}")

    def close(self) -> None:
        """Nothing to let go of."""
