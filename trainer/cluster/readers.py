"""Reading photos ahead, each with a limit of time: a share that is gone lets its readers wait for ever."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from edge.errors import EdgeError, ImageError, NotReadError, StorageError, UnavailableError
from trainer.photos.bucket import in_bucket
from trainer.photos.photo_files import FileStatus
from trainer.photos.reading import read_photo

READ_LIMIT_S = 60.0
"""The longest that a photo may take to be read, in seconds."""

WhatIsRead = tuple[bytes, FileStatus]


class NoAnswerError(NotReadError):
    """The file could not be read in time; ``unavailable`` is the error of its server, if that is the reason."""

    def __init__(self, text: str, unavailable: UnavailableError | None = None) -> None:
        super().__init__(text)
        self._unavailable = unavailable

    def ending(self, path: Path) -> EdgeError:
        """The error that ends the run, if the file is at ``path``: other files would take as long."""
        if self._unavailable is not None:
            return self._unavailable
        if in_bucket(path):
            return UnavailableError(f"{path}: {self}; run again to go on")
        return StorageError(f"{path}: {self}; mend the drive and run again to go on")


class Readers:
    """``count`` threads that read photos; ``limit_s`` seconds are the longest that anyone waits for one of them.

    A process can end while they hang, which it cannot with the threads of :mod:`concurrent.futures`.
    """

    def __init__(self, count: int, limit_s: float = READ_LIMIT_S) -> None:
        self._limit_s = limit_s
        self._asked: SimpleQueue[tuple[Path, Future[WhatIsRead]]] = SimpleQueue()
        for _ in range(count):
            Thread(target=self._read, daemon=True).start()

    def ask(self, path: Path) -> Future[WhatIsRead]:
        """Begin to read the file at ``path`` when a thread is free."""
        future: Future[WhatIsRead] = Future()
        self._asked.put((path, future))
        return future

    def wait(self, future: Future[WhatIsRead]) -> WhatIsRead | ImageError:
        """What the file holds that :meth:`ask` was called for, or why it cannot be read."""
        try:
            return future.result(self._limit_s)
        except NoAnswer:
            return NoAnswerError(f"cannot be read: no answer within {self._limit_s:g} s")
        except UnavailableError as error:
            return NoAnswerError(str(error), error)
        except ImageError as error:
            return error

    def _read(self) -> None:
        while True:
            path, future = self._asked.get()
            try:
                future.set_result(read_photo(path))
            except BaseException as error:  # it belongs to whoever waits
                future.set_exception(error)


def how_to_reach(path: Path) -> str:
    """What to do about a node that cannot read the file at ``path``, which this machine reads."""
    if in_bucket(path):
        return "let it reach the bucket, with a key that may read it"
    return "mount the photos there under the same path"
