"""Threads that do work, of which none keeps the process from ending if a drive hangs."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from edge.system.drives import LOOK_EVERY_S, Patience, Question, ask_as

Result = TypeVar("Result")


class DaemonPool:
    """At most ``workers`` threads, each started when there is work for it; what they ask of drives has a limit of time.

    As :class:`concurrent.futures.ThreadPoolExecutor`, whose threads the interpreter waits for at its end, however long
    a drive lets them wait.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._threads: list[threading.Thread] = []
        self._questions: list[Question] = []
        self._patience = Patience(self._questions)
        self._work: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        atexit.register(self.close)  # a thread must not compute in code in C++ while the interpreter ends

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Hand ``work`` to a thread."""
        future: Future[Result] = Future()
        self._work.put((work, future))
        if len(self._threads) < self._workers:
            question = Question()
            self._questions.append(question)
            self._threads.append(threading.Thread(target=self._run, args=(question,), daemon=True))
            self._threads[-1].start()
        return future

    def result(self, future: Future[Result]) -> Result:
        """Wait for the result of ``future``, which :meth:`submit` returned.

        Raises :class:`~edge.errors.StorageError` if a drive does not answer one of the threads.
        """
        while not future.done():
            with contextlib.suppress(NotYet):
                future.exception(LOOK_EVERY_S)
            if not future.done():
                self._patience.look()
        return future.result()

    def close(self) -> None:
        """Drop the work that has not begun, and end the threads; one that waits for a drive is left to itself."""
        atexit.unregister(self.close)
        with contextlib.suppress(Empty):
            while True:
                self._work.get_nowait()
        for _ in self._threads:
            self._work.put(None)
        self._patience.join(self._threads)
        self._threads.clear()
        self._questions.clear()

    def _run(self, question: Question) -> None:
        ask_as(question)
        while (handed := self._work.get()) is not None:
            work, future = handed
            try:
                future.set_result(work())
            except BaseException as error:  # it belongs to whoever waits
                future.set_exception(error)
            del handed, work, future  # nothing of it stays in memory while the thread waits
