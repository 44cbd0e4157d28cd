"""Replacing the model of a running stream: the new one is proven aside while the old one goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.errors import EdgeError
from edge.live.model import LiveModel, ModelChoice
from edge.statistics import StreamStatistics

POLL_S = 1.0
"""How often the model file is looked at; one call of ``stat``."""

SETTLE_S = 1.0
"""How long a changed file must stay as it is before it is read: a copy in progress grows more often than that."""


class _Mark(NamedTuple):
    """What changes when a file is written, replaced, or a link to it pointed elsewhere."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int


class ModelSwap:
    """Watches the model file on a thread of its own, and holds a new model ready for :meth:`take`.

    A file that changed is loaded and checked once it has stayed unchanged for :data:`SETTLE_S`. One that does
    not pass is refused, counted and told, and looked at again when it changes again.
    """

    def __init__(
        self,
        choice: ModelChoice,
        statistics: StreamStatistics,
        tell: Callable[[str], None],
        *,
        poll_s: float = POLL_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        """Watch the file of ``choice``; ``tell`` takes one line for each refusal."""
        self._choice = choice
        self._statistics = statistics
        self._tell = tell
        self._poll_s = poll_s
        self._settle_s = settle_s
        self._mark: _Mark | None = None
        self._contents: tuple[str, tuple[str, ...]] | None = None
        self._ready: LiveModel | None = None
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model swap", daemon=True)

    def load_first(self) -> LiveModel:
        """The model to begin with; from then on the file is watched.

        Raises what :meth:`ModelChoice.load` raises.
        """
        self._mark = _mark_of(self._choice.path)  # before reading: a change meanwhile is seen as one
        model = self._choice.load()
        self._contents = _contents(model)
        self._thread.start()
        return model

    def request(self) -> None:
        """Look at the file now, changed or not, and say what came of it."""
        self._asked.set()
        self._wake.set()

    def take(self) -> LiveModel | None:
        """The new model, once, if there is one."""
        model, self._ready = self._ready, None
        return model

    def stop(self) -> None:
        """Watch no longer; a model being loaded is not waited for."""
        self._stopping.set()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(self._poll_s)
            self._wake.clear()
            if self._stopping.is_set():
                return
            asked = self._asked.is_set()
            mark = _mark_of(self._choice.path)
            if asked or (mark is not None and mark != self._mark):
                self._asked.clear()
                self._consider(self._settled(mark), asked)

    def _settled(self, mark: _Mark | None) -> _Mark | None:
        """The file's mark, once it has stayed the same for a while."""
        while not self._stopping.wait(self._settle_s):
            before, mark = mark, _mark_of(self._choice.path)
            if mark == before:
                break
        return mark

    def _consider(self, mark: _Mark | None, asked: bool) -> None:
        if self._stopping.is_set():
            return
        problem = None
        try:
            model = self._choice.load()
        except (EdgeError, MemoryError) as error:
            problem = str(error) or "not enough memory to load the model"
        if mark != _mark_of(self._choice.path):  # written to while it was read: what was read means nothing
            if asked:
                self.request()
            return
        self._mark = mark
        if problem is not None:
            self._statistics.count("model_refusals")
            self._tell(f"new model refused: {problem}; the old one goes on")
        elif _contents(model) != self._contents:
            self._contents = _contents(model)
            self._ready = model
        elif asked:
            self._tell("the model file is unchanged; the model goes on")


def _mark_of(path: Path) -> _Mark | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return _Mark(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _contents(model: LiveModel) -> tuple[str, tuple[str, ...]]:
    return model.card.sha256, model.card.labels
