"""Work on all cores: order, bounds, errors."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.parallel import available_cores, ordered_map

pytestmark = pytest.mark.numeric

WINDOW = 8  # what the docstring of ordered_map promises: eight items in flight for each worker


def test_available_cores() -> None:
    """The cores that this process may use, not those of the machine."""
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


def test_available_cores_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system knows no affinity, all cores count, and at least one."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


@settings(max_examples=40)
@given(st.lists(st.integers(), max_size=80), st.integers(1, 5))
def test_same_as_map(items: list[int], workers: int) -> None:
    """However many workers there are, the results are those of ``map``, in its order."""
    assert list(ordered_map(lambda: lambda item: item * 2, items, workers)) == [item * 2 for item in items]


def test_order_does_not_depend_on_who_is_first() -> None:
    """An early item that finishes last still comes first."""
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(30)
        elif item == 1:
            second_is_done.set()
        return item

    assert list(ordered_map(lambda: work, range(9), 2)) == list(range(9))


@settings(max_examples=30)
@given(st.integers(1, 4), st.integers(0, 120))
def test_items_in_flight_are_bounded(workers: int, count: int) -> None:
    """However slowly results are taken, no more than eight items a worker are ever begun and not handed out."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(count):
            taken += 1
            yield item

    for handed_out, result in enumerate(ordered_map(lambda: lambda item: item, items(), workers)):
        assert result == handed_out
        assert taken - handed_out <= WINDOW * workers
    assert taken == count


def test_blocked_workers_stop_the_intake() -> None:
    """While the first item is not done, input is taken up to the bound and then waits."""
    release, taken = threading.Event(), []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            if item == WINDOW * 2 - 1:
                release.set()  # the last item that may be taken while the first one blocks
            yield item

    def work(item: int) -> tuple[int, int]:
        assert release.wait(30)
        return item, len(taken)

    results = list(ordered_map(lambda: work, items(), 2))
    assert [item for item, _ in results] == list(range(100))
    assert results[0][1] <= WINDOW * 2


def test_nothing_happens_before_the_first_result_is_asked_for() -> None:
    """The map is lazy: no item is taken, no worker made."""
    made: list[int] = []
    results = ordered_map(lambda: made.append(1) or (lambda item: item), iter(lambda: pytest.fail("taken"), None), 2)
    assert made == []
    results.close()


def test_one_worker_object_a_thread() -> None:
    """Each thread makes its own worker, once, and uses no other."""
    made: list[int] = []

    def make_worker():
        owner = threading.get_ident()
        made.append(owner)
        return lambda _: (owner, threading.get_ident())

    pairs = list(ordered_map(make_worker, range(200), 3))
    assert all(owner == user for owner, user in pairs)
    assert len(made) == len(set(made)) <= 3


def test_error_of_a_worker() -> None:
    """An exception of a worker comes out in the place of its result; results before it are not lost."""

    def work(item: int) -> int:
        if item == 5:
            raise ZeroDivisionError
        return item

    results = ordered_map(lambda: work, range(1000), 2)
    assert [next(results) for _ in range(5)] == list(range(5))
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_error_of_the_items() -> None:
    """An exception while items are found ends the map and all its threads."""
    before = threading.active_count()

    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(ordered_map(lambda: lambda item: item, items(), 2))
    assert threading.active_count() == before


def test_results_may_be_abandoned() -> None:
    """Closing the iterator drops what has not begun and ends the threads."""
    before, done = threading.active_count(), []
    results = ordered_map(lambda: done.append, range(10_000), 2)
    next(results)
    results.close()
    assert threading.active_count() == before
    assert len(done) <= WINDOW * 2 + 1
