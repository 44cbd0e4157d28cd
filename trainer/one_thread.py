"""Linear algebra on one thread: on several, the order of a sum depends on the number of cores."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_inside = 0  # threads of this program that are in a block, and blocks in blocks
_limits: threadpool_limits | None = None


@contextmanager
def one_thread() -> Iterator[None]:
    """NumPy computes on one thread in the block: the same numbers give the same bits on any number of cores.

    SciPy has linear algebra of its own, which is limited too if it was loaded before the block; nothing in such a block
    uses it. Another kind of processor may give other bits. The limit is one of the whole process: it stays until the
    last of the threads that are in such a block has left it.
    """
    global _inside
    with _lock:
        if _inside == 0:
            _in_own_thread(_limit)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _in_own_thread(_restore)


def _limit() -> None:
    global _limits
    _limits = threadpool_limits(1)


def _restore() -> None:
    global _limits
    if _limits is not None:
        _limits.restore_original_limits()
        _limits = None


def _in_own_thread(work: Callable[[], None]) -> None:
    """Do ``work`` in a thread that ends with it.

    The first thread that limits OpenBLAS controls it as long as that thread lives: threadpoolctl 3.8 ignores, without a
    message, what any other one asks for.
    """
    thread = threading.Thread(target=work, name="one thread")
    thread.start()
    thread.join()
