"""Linear algebra on one thread: on several, the order of a sum depends on the number of cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """NumPy and SciPy compute on one thread in the block: the same numbers give the same bits on any number of cores.

    Another kind of processor may give other bits.
    """
    import scipy.linalg  # noqa: F401 - SciPy has linear algebra of its own, which can be limited once it is loaded

    with threadpool_limits(1):
        yield
