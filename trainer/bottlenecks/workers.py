"""Who computes: the threads of this process, or whatever else takes files and gives back what a worker made of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from edge.parallel import RUN, available_cores, ordered_map
from trainer.photos.photo_files import FileStatus
from trainer.photos.reading import read_photo

Read = Callable[[Path], tuple[bytes, FileStatus]]
"""Returns the bytes of a file and its status, like :func:`~trainer.photos.reading.read_photo`, with its errors."""


class WithPath(Protocol):
    """What is computed: something made of the file at ``path``."""

    @property
    def path(self) -> Path:
        """Where the file is."""
        ...


Item = TypeVar("Item", bound=WithPath)
Result = TypeVar("Result")

MakeWorker = Callable[[], Callable[[Item, Read], Result]]
"""Makes a worker, with an interpreter of its own. A worker computes an item, whose file it reads with the function."""


class Workers(Protocol):
    """Applies workers to items."""

    def map(self, make_worker: MakeWorker[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """The result for each of ``items``, once, in any order; an exception of a worker is raised here.

        ``make_worker`` may travel to another machine: it must not hold what belongs to this process alone.
        """
        ...


class Threads:
    """Workers on ``count`` threads of this process (None: all cores); results come in the order of the items."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count

    def map(self, make_worker: MakeWorker[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """See :meth:`Workers.map`."""

        def make() -> Callable[[Item], Result]:
            worker = make_worker()
            return lambda item: worker(item, read_photo)

        return ordered_map(make, items, self._count or available_cores(), RUN)
