"""A limit of time for drives: one that hangs, as a share whose server is gone, lets whoever asks it wait for ever.

No signal ends such a wait, and a thread of :mod:`concurrent.futures` that waits so keeps its process from ending. So
daemon threads ask drives (:class:`asking`), and whoever needs the answer looks at what they ask (:class:`Patience`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from edge.errors import StorageError

ANSWER_LIMIT_S = 60.0
"""The longest that a drive may take for one answer, in seconds: a disk that sleeps takes 10 to 20."""

END_LIMIT_S = 10.0
"""How long the threads may take to end what they have begun, in seconds: decoding the largest photo takes less."""

LOOK_EVERY_S = 1.0
"""The time between two looks at what is asked, in seconds."""

WRITE_TIMES = 10
"""How many times as long it may take until something is on the disk: a slow card first writes all that waits."""

_STOPPED_S = 5.0  # if more time lies between two looks, the whole process was stopped, or nobody waited

Result = TypeVar("Result")


class Question:
    """What a thread asks a drive for now: the ``path``, None for nothing, since the monotonic time ``since_s``.

    It may take ``limit_s`` seconds.
    """

    __slots__ = ("limit_s", "path", "since_s")

    def __init__(self) -> None:
        self.path: str | bytes | os.PathLike[str] | None = None
        self.since_s = 0.0
        self.limit_s = ANSWER_LIMIT_S


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.question = Question()


_own = _OfThread()


def ask_as(question: Question) -> None:
    """Let ``question`` show from now on what the running thread asks."""
    _own.question = question


class asking:  # it is used as a word, as those of contextlib are
    """A context manager: in the block, this thread asks a drive for ``path``. Blocks are not nested.

    It may take ``times`` as long as :data:`ANSWER_LIMIT_S`. At infinity, only :meth:`Patience.join` has a limit.
    """

    __slots__ = ("_path", "_question", "_times")

    def __init__(self, path: str | bytes | os.PathLike[str], *, times: float = 1) -> None:
        self._path = path
        self._times = times

    def __enter__(self) -> asking:
        self._question = _own.question
        self._question.since_s = time.monotonic()
        self._question.limit_s = ANSWER_LIMIT_S * self._times
        self._question.path = self._path
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._question.path = None

    def answered(self) -> None:
        """Note that the drive has answered once, and is asked again."""
        self._question.since_s = time.monotonic()


class Patience:
    """Waits for threads, as long as the drives that they ask may take."""

    def __init__(self, questions: Sequence[Question]) -> None:
        """``questions`` are those of the threads; there may come more."""
        self._questions = questions
        self._looked_s = time.monotonic()

    def look(self) -> None:
        """Look once; to be called every :data:`LOOK_EVERY_S` while somebody waits.

        Raises :class:`~edge.errors.StorageError` if a drive has not answered in time.
        """
        now_s = time.monotonic()
        stopped, self._looked_s = now_s - self._looked_s > _STOPPED_S, now_s
        for question in self._questions:
            if stopped:
                question.since_s = now_s
            path = question.path
            limit_s = question.limit_s
            if path is not None and now_s - question.since_s > limit_s:
                raise StorageError(
                    f"{os.fsdecode(path)}: no answer within {limit_s:g} s; mend the drive and run again to go on"
                )

    def join(self, threads: Sequence[threading.Thread]) -> None:
        """Wait for the end of ``threads``, but for one that asks a drive for something longer than between two looks.

        That one is given up: it ends when the drive answers, or with the process. So is, after :data:`END_LIMIT_S`, one
        that does something else, as the code of a delegate that hangs.
        """
        end_s = time.monotonic() + END_LIMIT_S
        for thread, question in zip(threads, self._questions, strict=True):
            while thread.is_alive() and time.monotonic() < end_s:
                thread.join(LOOK_EVERY_S)
                if question.path is not None and time.monotonic() - question.since_s > LOOK_EVERY_S:
                    break


def with_limit(ask: Callable[[], Result]) -> Result:
    """What ``ask`` returns or raises; called in a thread of its own, it asks drives in blocks of :class:`asking`.

    Raises :class:`~edge.errors.StorageError` if a drive does not answer.
    """
    results: list[Result] = []
    errors: list[BaseException] = []
    question, done = Question(), threading.Event()

    def run() -> None:
        ask_as(question)
        try:
            results.append(ask())
        except BaseException as error:  # it belongs to whoever waits
            errors.append(error)
        done.set()

    patience = Patience([question])
    threading.Thread(target=run, name="drive", daemon=True).start()
    try:
        while not done.wait(LOOK_EVERY_S):
            patience.look()
    except KeyboardInterrupt:
        done.wait(LOOK_EVERY_S)  # what is being written is whole then, or gone
        raise
    if errors:
        raise errors[0]
    return results[0]


def ask_drive(path: str | bytes | os.PathLike[str], ask: Callable[[], Result], *, times: float = 1) -> Result:
    """What ``ask``, which asks a drive for ``path`` once, returns or raises; ``times`` is that of :class:`asking`.

    Raises :class:`~edge.errors.StorageError` if the drive does not answer.
    """

    def once() -> Result:
        with asking(path, times=times):
            return ask()

    return with_limit(once)


def list_folder(folder: Path, keep: Callable[[Path], bool]) -> list[Path]:
    """What lies in ``folder`` itself, sorted, as far as ``keep``, which may ask the drive once, says so.

    Raises :class:`OSError` if it cannot be read, and :class:`~edge.errors.StorageError` if the drive does not answer.
    """

    def kept() -> list[Path]:
        found = []
        with asking(folder) as ask:
            for path in folder.iterdir():
                if keep(path):
                    found.append(path)
                ask.answered()
        return sorted(found)

    return with_limit(kept)
