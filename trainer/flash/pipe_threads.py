"""The exchange with a program where no system call waits for several pipes, as on Windows: one thread for each."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from enum import Enum, auto
from typing import IO, Any

from trainer.flash.exchange import Exchange
from trainer.flash.finished import READ_BYTES, Finished, OutOfTime, TooMuchOutput

_JOIN_S = 5.0  # a killed program closes its pipes; a program that it started may hold them longer


class _Event(Enum):
    WRITTEN, TOO_MUCH, ENDED = auto(), auto(), auto()


class ThreadExchange(Exchange):
    """Has a thread for each pipe."""

    def __init__(self, *arguments: Any) -> None:
        """Take what :class:`~trainer.flash.exchange.Exchange` takes."""
        super().__init__(*arguments)
        self._to_write: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def run(self) -> Finished:
        """The end of the program. Raises what :func:`~trainer.flash.limited_process.run_limited` does."""
        for pipe, work in (
            (self._process.stdout, self._read_out),
            (self._process.stderr, self._read_err),
            (self._process.stdin, self._write),
        ):
            if pipe:
                self._threads.append(threading.Thread(target=self._work, args=(pipe, work), daemon=True))
        for thread in self._threads:
            thread.start()
        size = self._hand_over() if self._process.stdin else 0
        running = len(self._threads)
        while running:
            event = self._next_event()
            if event is _Event.TOO_MUCH:
                raise TooMuchOutput
            if event is _Event.ENDED:
                running -= 1
                continue
            self._count(size)
            size = self._hand_over()
        return self._end()

    def close(self) -> None:
        """End the threads, each of which closes its pipe, after the program has ended."""
        self._to_write.put(b"")
        for thread in self._threads:
            thread.join(_JOIN_S)

    def _next_event(self) -> _Event:
        try:
            return self._events.get(timeout=self._left_s())
        except queue.Empty:
            raise OutOfTime(self._limit_s) from None

    def _hand_over(self) -> int:
        """Give the next chunk to the thread that writes; returns its size in bytes, 0 for the end."""
        chunk = next(self._chunks, b"")
        self._to_write.put(chunk)
        return len(chunk)

    def _work(self, pipe: IO[bytes], work: Callable[[int], None]) -> None:
        try:
            with pipe:
                work(pipe.fileno())
        except OSError:  # it has ended; its exit code and stderr say why
            pass
        finally:
            self._events.put(_Event.ENDED)

    def _write(self, descriptor: int) -> None:
        while chunk := self._to_write.get():
            left = memoryview(chunk)
            while left:
                left = left[os.write(descriptor, left) :]
            self._events.put(_Event.WRITTEN)

    def _read_out(self, descriptor: int) -> None:
        while data := os.read(descriptor, READ_BYTES):
            if not self._keep_out(data):
                self._events.put(_Event.TOO_MUCH)
                return

    def _read_err(self, descriptor: int) -> None:
        while data := os.read(descriptor, READ_BYTES):
            self._keep_err(data)
