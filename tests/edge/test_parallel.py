"""Work on all cores: order, bounds, errors."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import parallel
from edge.parallel import available_cores, cpu_quota, ordered_map
from edge.system import drives
from support.held import threads
from support.waits import within_limit

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


@pytest.mark.parametrize(
    ("line", "files", "quota"),
    [
        ("0::/", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/app", {"app/cpu.max": "max 100000", "cpu.max": "50000 100000"}, 0.5),
        ("0::/a/b", {"a/b/cpu.max": "400000 100000", "a/cpu.max": "300000 100000"}, 3.0),
        ("0::/host/path/of/the/container", {"cpu.max": "200000 100000"}, 2.0),
        ("1:cpu:/\n0::/", {"unified/cpu.max": "100000 100000"}, 1.0),
        (
            "4:cpu,cpuacct:/x",
            {"cpu,cpuacct/x/cpu.cfs_quota_us": "250000", "cpu,cpuacct/x/cpu.cfs_period_us": "100000"},
            2.5,
        ),
        ("4:cpuacct,cpu:/x", {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "50000"}, 1.0),
        ("4:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, math.inf),
        ("4:cpuset:/\n0::/", {"cpuset/cpu.max": "100000 100000", "cpu.max": "max 100000"}, math.inf),
        ("0::/", {"cpu.max": "0 0"}, math.inf),
        ("no control group", {}, math.inf),
        ("", {}, math.inf),
    ],
)
def test_the_quota_of_a_container(line: str, files: dict[str, str], quota: float, tmp_path: Path) -> None:
    """The smallest quota of a group and those above it, in the files of both versions."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(line + "\n")
    for name, text in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert cpu_quota(str(tmp_path)) == quota


@pytest.mark.parametrize(
    ("quota", "cores"), [(0.01, 1), (0.5, 1), (1.0, 1), (1.5, 2), (2.0, 2), (9.0, 4), (math.inf, 4)]
)
def test_a_quota_counts_as_cores(quota: float, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On four cores, the quota is rounded up, to 1 at least."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(4)), raising=False)
    monkeypatch.setattr(parallel, "cpu_quota", lambda: quota)
    assert available_cores() == cores


@settings(max_examples=40)
@given(st.lists(st.integers(), max_size=80), st.integers(1, 5), st.integers(1, WINDOW))
def test_same_as_map(items: list[int], workers: int, run: int) -> None:
    """However many workers there are, and items in a run, the results are those of ``map``, in its order."""
    assert list(ordered_map(lambda: lambda item: item * 2, items, workers, run)) == [item * 2 for item in items]


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
@given(st.integers(1, 4), st.integers(0, 120), st.integers(1, WINDOW))
def test_items_in_flight_are_bounded(workers: int, count: int, run: int) -> None:
    """However slowly results are taken, no more than eight items a worker are ever begun and not handed out."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(count):
            taken += 1
            yield item

    for handed_out, result in enumerate(ordered_map(lambda: lambda item: item, items(), workers, run)):
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


def test_the_first_items_are_handed_out_one_by_one() -> None:
    """Eight items for two workers: both work on them, though a run has four."""
    both = threading.Barrier(2)

    def work(item: int) -> int:
        both.wait(30)  # broken, if one thread gets all items
        return item

    assert list(ordered_map(lambda: work, range(8), 2, 4)) == list(range(8))


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


@pytest.mark.parametrize(("bad", "run"), [(5, 1), (5, 4), (50, 1), (50, 4), (51, 8)])
def test_error_of_a_worker(bad: int, run: int) -> None:
    """An exception of a worker comes out in the place of its result; results before it are not lost."""

    def work(item: int) -> int:
        if item == bad:
            raise ZeroDivisionError
        return item

    results = ordered_map(lambda: work, range(1000), 2, run)
    assert [next(results) for _ in range(bad)] == list(range(bad))
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_error_of_the_items() -> None:
    """An exception while items are found ends the map and all its threads."""
    before = threads()

    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(ordered_map(lambda: lambda item: item, items(), 2))
    assert not threads() - before


@pytest.mark.parametrize(("run", "results_before"), [(1, 1), (4, WINDOW * 2 + 8)])
def test_results_may_be_abandoned(run: int, results_before: int) -> None:
    """Closing the iterator drops what has not begun, in the middle of a run too, and ends the threads."""
    before, done = threads(), []
    results = ordered_map(lambda: done.append, range(10_000), 2, run)
    for _ in range(results_before):
        next(results)
    results.close()
    assert not threads() - before
    assert len(done) <= results_before + WINDOW * 2


def test_work_that_hangs_does_not_keep_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever needs no more results, as after Ctrl-C, does not wait for a worker that never ends, as in a delegate."""
    monkeypatch.setattr(drives, "END_LIMIT_S", 0.01)
    begun, go = threading.Event(), threading.Event()

    def work(item: int) -> int:
        if item:
            begun.set()
            go.wait()
        assert begun.wait(60)
        return item

    results = ordered_map(lambda: work, range(2), 2)
    assert next(results) == 0
    within_limit(results.close)  # type: ignore[attr-defined]
    go.set()
