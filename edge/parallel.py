"""Work on all cores: results come in the order of the items, and memory use has a limit."""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from edge.system.cores import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")
_WINDOW = 8  # items in work for each worker: enough to go on during one slow decode, few enough for a small memory

RUN = 4
"""How many photos are handed to a thread at once: while one run is in work, the next one waits."""


def available_cores() -> int:
    """How many CPU cores this process may use, at least 1.

    The quota of a container counts as cores, rounded up: more threads would only wait for their turn.
    """
    return max(1, math.ceil(min(usable_cores(), cpu_quota())))


def cpu_quota(root: str = "/") -> float:
    """The CPU time that the control groups of this process allow, in cores; infinity if they allow all.

    Each group counts with those above it, in both versions of control groups, under the folder ``root``.
    """
    quota = math.inf
    for line in _text(os.path.join(root, "proc/self/cgroup")).splitlines():
        number, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if number != "0" and "cpu" not in controllers.split(","):
            continue
        for mount in (controllers, "cpu") if controllers else ("", "unified"):
            parts = [part for part in group.split("/") if part]
            for length in range(len(parts) + 1):
                quota = min(quota, _quota_in(os.path.join(root, "sys/fs/cgroup", mount, *parts[:length])))
    return quota


def _quota_in(folder: str) -> float:
    """The quota of the control group ``folder``, in cores."""
    words = _text(os.path.join(folder, "cpu.max")).split()  # version 2
    words = words or [_text(os.path.join(folder, f"cpu.cfs_{name}_us")).strip() for name in ("quota", "period")]
    if len(words) != 2 or not all(word.isascii() and word.isdecimal() and int(word) for word in words):
        return math.inf  # "max", -1 or no file
    return int(words[0]) / int(words[1])


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""


def ordered_map(
    make_worker: Callable[[], Callable[[Item], Result]], items: Iterable[Item], workers: int, run: int = 1
) -> Iterator[Result]:
    """Apply a worker to each of ``items`` on ``workers`` threads; results come in the order of the items.

    Each thread calls ``make_worker`` once, for what threads must not share, such as an interpreter. At most eight items
    for each worker are in work at the same time, which limits the memory of input and output. An exception of a worker
    is raised here; items that are not begun yet are not processed. So is :class:`~edge.errors.StorageError`, if a drive
    that a worker asks (:class:`~edge.system.drives.asking`) does not answer.

    ``run`` items, 8 at most, are handed to a thread at once, for many items that take a few milliseconds each: to hand
    over each alone costs them a part of their time. The first eight for each worker are handed out one by one all the
    same, so that the first results come soon and a few items are spread over all threads.
    """
    from concurrent.futures import Future
    from functools import partial

    from edge.system.daemon_pool import DaemonPool

    local = threading.local()
    stopped = threading.Event()  # nobody waits for results any more

    def work(some: list[Item]) -> tuple[list[Result], BaseException | None]:
        results: list[Result] = []
        try:
            if not hasattr(local, "worker"):
                local.worker = make_worker()
            for item in some:
                if stopped.is_set():
                    break
                results.append(local.worker(item))
        except BaseException as error:  # the results before it are not lost
            return results, error
        return results, None

    pending: deque[Future[tuple[list[Result], BaseException | None]]] = deque()
    pool = DaemonPool(workers)
    begun = waiting = 0  # items that were handed to threads, and those of them whose results were not handed out
    source = iter(items)
    try:
        while True:
            size = run if begun >= _WINDOW * workers else 1
            some = list(islice(source, size))
            if some:
                pending.append(pool.submit(partial(work, some)))
                begun, waiting = begun + len(some), waiting + len(some)
            size = run if begun >= _WINDOW * workers else 1
            while pending and (not some or pending[0].done() or waiting + size > _WINDOW * workers):
                results, error = pool.result(pending.popleft())
                for result in results:
                    waiting -= 1
                    yield result
                if error is not None:
                    raise error
            if not some:
                return
    finally:
        stopped.set()
        pool.close()
