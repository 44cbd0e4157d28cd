"""A thread for commands that take time: the connection must not wait for a disk or a self-test."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

MOST_WAITING = 4
"""The most commands that wait for the one before them."""


class CommandWorker:
    """Carries out commands one after the other, and calls ``idle`` when none came for a while."""

    def __init__(self, idle: Callable[[], None], every_s: float) -> None:
        """Call ``idle`` every ``every_s`` seconds without a command, after :meth:`start`."""
        self._idle, self._every_s = idle, every_s
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(MOST_WAITING)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mqtt commands", daemon=True)
            self._thread.start()

    def offer(self, command: Callable[[], None]) -> bool:
        """Whether ``command`` will be carried out: False if too many wait."""
        try:
            self._queue.put_nowait(command)
        except queue.Full:
            return False
        return True

    def stop(self) -> None:
        """Carry out nothing more; a command that runs goes on until the process ends."""
        self._stopping.set()
        self.offer(lambda: None)  # wakes the thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                command = self._queue.get(timeout=self._every_s)
            except queue.Empty:
                command = self._idle
            if command is not None and not self._stopping.is_set():
                command()
