"""A session goes on with another backbone: that of a model which another program made the store's current one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge.errors import EdgeError, ModelError
from edge.store.layout import Store
from edge.store.state import read_state
from trainer.backbones.backbone import Backbone
from trainer.retraining.given_backbone import Given, read_given

_EVERY_S = 2.0


class BackboneWatch:
    """Looks at the current model of ``store`` every two seconds, on a thread of its own.

    A model counts when it is confirmed. The models that the session saves have its own backbone: they change nothing.
    """

    def __init__(
        self,
        store: Store,
        current: str | None,
        backbone: Backbone,
        use: Callable[[Given], bool],
        write_message: Callable[[str], None],
    ) -> None:
        """Call ``use`` with every backbone that is another one than the session's, which is ``backbone`` at first.

        ``use`` returns whether the session goes on with that one. ``current`` is the model that was current when
        ``backbone`` was chosen. ``write_message`` gets a line if a backbone cannot be used; what may pass, such as a
        full disk, is tried again.
        """
        self._store, self._use, self._write_message = store, use, write_message
        self._backbone = backbone.model.sha256
        self._current, self._told = current, ""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="backbone", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; a backbone that is being loaded is not waited for."""
        self._closing.set()
        self._thread.join(0.1)

    def _watch(self) -> None:
        while not self._closing.wait(_EVERY_S):
            self.look()

    def look(self) -> None:
        """Look once."""
        current = self._store.linked("current")
        if current is None or current == self._current:
            return
        try:
            if read_state(self._store).pending:
                return  # the store may go back soon
            given = read_given(self._store.model(current))
            if given.backbone.model.sha256 != self._backbone and self._use(given):
                self._backbone = given.backbone.model.sha256
            self._current = current
        except ModelError as error:
            self._current = current
            self._tell(current, f"the store's new model cannot teach, the session keeps its backbone: {error}")
        except (EdgeError, OSError, MemoryError) as error:
            self._tell(current, f"the store's new model is not used yet: {error or 'not enough memory'}")

    def _tell(self, current: str, text: str) -> None:
        if self._told != current:
            self._told = current
            self._write_message(text)
