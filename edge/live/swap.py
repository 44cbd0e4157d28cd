"""Replace the model of a running stream: the new one is checked on another thread while the old one labels."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from edge.errors import EdgeError
from edge.live.model import LiveModel, ModelChoice

POLL_S = 1.0
"""The time between two checks of the model file, in seconds; a check is one call of ``stat``."""

SETTLE_S = 1.0
"""How long a changed file must stay unchanged before it is read, in seconds: a copy in progress grows more often."""


class Counts(Protocol):
    """What counts refused files: :class:`edge.statistics.StreamStatistics`."""

    def count(self, name: str, by: int = 1) -> None:
        """Add ``by`` to the count ``name``."""


class _FileState(NamedTuple):
    """Numbers that change when a file is written or replaced, or a link to it is changed."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int


class ModelSwap:
    """Watches the model file on a thread of its own, and keeps a new model ready for :meth:`take`.

    A file that changed is loaded and checked after it has stayed unchanged for :data:`SETTLE_S`. A file that does not
    pass is refused with a message and counted; it is read again when it changes again.
    """

    def __init__(
        self,
        choice: ModelChoice,
        statistics: Counts,
        write_message: Callable[[str], None],
        *,
        poll_s: float = POLL_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        """Watch the file of ``choice``; ``write_message`` gets one line for each refusal."""
        self._choice = choice
        self._statistics = statistics
        self._write_message = write_message
        self._poll_s = poll_s
        self._settle_s = settle_s
        self._state: _FileState | None = None
        self._contents: tuple[str, tuple[str, ...]] | None = None
        self._ready: LiveModel | None = None
        self._requested = threading.Event()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model swap", daemon=True)

    def load_first(self) -> LiveModel:
        """Load the first model, and watch the file from then on.

        Raises what :meth:`ModelChoice.load` raises.
        """
        self._state = _state_of(self._choice.path)  # before reading: a change meanwhile is noticed
        model = self._choice.load()
        self._contents = _contents(model)
        self._thread.start()
        return model

    def request(self) -> None:
        """Read the file now, changed or not, and print a message about the result."""
        self._requested.set()
        self._wake.set()

    def take(self) -> LiveModel | None:
        """The new model if there is one, only once."""
        model, self._ready = self._ready, None
        return model

    def stop(self) -> None:
        """Stop watching, without waiting for a model that is being loaded."""
        self._stopping.set()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(self._poll_s)
            self._wake.clear()
            if self._stopping.is_set():
                return
            requested = self._requested.is_set()
            state = _state_of(self._choice.path)
            if requested or (state is not None and state != self._state):
                self._requested.clear()
                self._load_new(self._settled(state), requested)

    def _settled(self, state: _FileState | None) -> _FileState | None:
        """The state of the file, after it has stayed the same for a while."""
        while not self._stopping.wait(self._settle_s):
            before, state = state, _state_of(self._choice.path)
            if state == before:
                break
        return state

    def _load_new(self, state: _FileState | None, requested: bool) -> None:
        if self._stopping.is_set():
            return
        problem = None
        try:
            model = self._choice.load()
        except (EdgeError, MemoryError) as error:
            problem = str(error) or "not enough memory to load the model"
        if state != _state_of(self._choice.path):  # written while it was read: the result is not valid
            if requested:
                self.request()
            return
        self._state = state
        if problem is not None:
            self._statistics.count("model_refusals")
            self._write_message(f"new model refused: {problem}; the old one stays")
        elif _contents(model) != self._contents:
            self._contents = _contents(model)
            self._ready = model
        elif requested:
            self._write_message("the model file is unchanged; the model stays")


def _state_of(path: Path) -> _FileState | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return _FileState(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _contents(model: LiveModel) -> tuple[str, tuple[str, ...]]:
    return model.card.sha256, model.card.labels
