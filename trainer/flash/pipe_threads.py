"""The exchange with a program where no system call waits for several pipes, as on Windows: one thread for each."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import IO

from trainer.flash.finished import MAX_ERR_BYTES, READ_BYTES, Finished, OutOfTime, TooMuchOutput

_JOIN_S = 5.0  # a killed program closes its pipes; a program that it started may hold them longer


class _Event(Enum):
    WRITTEN, TOO_MUCH, ENDED = auto(), auto(), auto()


class ThreadExchange:
    """Writes and reads as the pipes of ``process`` allow; neither side can make the other one wait for ever."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        limit_s: float,
        chunks: Iterator[bytes],
        sent: Callable[[int], None],
        max_out_bytes: int,
    ) -> None:
        """Prepare what :func:`trainer.flash.limited_process.run_limited` describes."""
        self._process, self._limit_s, self._chunks, self._sent = process, limit_s, chunks, sent
        self._max_out_bytes = max_out_bytes
        self._deadline = time.monotonic() + limit_s
        self._out, self._err = bytearray(), bytearray()
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
            self._sent(size)
            self._deadline = time.monotonic() + self._limit_s
            size = self._hand_over()
        try:
            code = self._process.wait(self._left_s())
        except subprocess.TimeoutExpired:
            raise OutOfTime(self._limit_s) from None
        return Finished(code, bytes(self._out), bytes(self._err))

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

    def _left_s(self) -> float:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise OutOfTime(self._limit_s)
        return left_s

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
            self._out += data
            if len(self._out) > self._max_out_bytes:
                self._events.put(_Event.TOO_MUCH)
                return

    def _read_err(self, descriptor: int) -> None:
        while data := os.read(descriptor, READ_BYTES):
            self._err += data
            del self._err[:-MAX_ERR_BYTES]
