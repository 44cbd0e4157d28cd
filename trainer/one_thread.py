"""Linear algebra on one thread: a sum on several is added up in an order that depends on how many cores there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """NumPy and SciPy compute on one thread meanwhile, so that the same numbers give the same bits on any machine.

    The same bits, that is, on any number of cores of one kind of processor.
    """
    import scipy.linalg  # noqa: F401 - SciPy has linear algebra of its own, which can be limited once it is loaded

    with threadpool_limits(1):
        yield
