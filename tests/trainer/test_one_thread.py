"""One thread for linear algebra, whichever threads of the program ask for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from threadpoolctl import threadpool_info

from trainer.one_thread import one_thread


def threads() -> set[int]:
    """The numbers of threads of all libraries of linear algebra."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def in_thread(work: Callable[[], object]) -> object:
    """What ``work`` returns in a thread of its own."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def threads_inside() -> set[int]:
    """The numbers of threads in a block."""
    with one_thread():
        return threads()


def test_every_thread_is_limited() -> None:
    """The main thread, two others, the main thread again: one thread in the block, the old number after it."""
    import scipy.linalg  # noqa: F401

    before = threads()
    if before == {1}:
        pytest.skip("one core: there is nothing to limit")
    assert threads_inside() == {1}
    assert in_thread(threads_inside) == {1}
    assert in_thread(threads_inside) == {1}
    assert threads_inside() == {1}
    assert threads() == before


def test_the_limit_stays_until_the_last_block_ends() -> None:
    """Blocks of two threads overlap: inside either there is one thread, and after both what there was before."""
    import scipy.linalg  # noqa: F401

    before = threads()
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_thread():
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=other, daemon=True)
    thread.start()
    assert entered.wait(60)
    with one_thread():
        inner = threads_inside()
        leave.set()
        thread.join(60)
        last = threads()
    assert (inner, last) == ({1}, {1})
    assert threads() == before
