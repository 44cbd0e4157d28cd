"""Work on all cores: results come in the order of the items, and memory use has a limit."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_WINDOW = 8  # items in work for each worker: enough to go on during one slow decode, few enough for a small memory


def available_cores() -> int:
    """How many CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ordered_map(
    make_worker: Callable[[], Callable[[Item], Result]], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Apply a worker to each of ``items`` on ``workers`` threads; results come in the order of the items.

    Each thread calls ``make_worker`` once, for what threads must not share, such as an interpreter. At most eight items
    for each worker are in work at the same time, which limits the memory of input and output. An exception of a worker
    is raised here; items that are not begun yet are not processed.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    local = threading.local()

    def work(item: Item) -> Result:
        if not hasattr(local, "worker"):
            local.worker = make_worker()
        result: Result = local.worker(item)
        return result

    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            while pending and (pending[0].done() or len(pending) >= _WINDOW * workers):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
