"""The cache's database on a drive that falls silent while it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.system import drives
from trainer.bottlenecks import cache_database
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.cache_database import FILE_NAME, CacheDatabase


@pytest.fixture
def answered() -> Iterator[threading.Event]:
    """What the drive waits for; it answers at the end of the test."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name == "drive":
            thread.join()


@pytest.mark.parametrize(
    ("ask", "limit"),
    [
        (lambda database: database.all("SELECT silent()"), "0.1"),
        (lambda database: list(database.rows("SELECT silent()")), "0.1"),
        (lambda database: database.change([("INSERT INTO files (size) VALUES (silent())", [()])]), "0.3"),
    ],
)
def test_whoever_asks_it_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answered: threading.Event,
    ask: Callable[[CacheDatabase], object],
    limit: str,
) -> None:
    """SQLite waits; the run does not, and neither does the end of the block, which closes the database otherwise."""
    with BottleneckCache(tmp_path) as cache:
        database = cache._database
        monkeypatch.setattr(drives, "ANSWER_LIMIT_S", 0.1)
        monkeypatch.setattr(drives, "LOOK_EVERY_S", 0.01)
        monkeypatch.setattr(cache_database, "WRITE_TIMES", 3)
        database.connection.create_function("silent", 0, answered.wait)
        with pytest.raises(StorageError, match=f"^{tmp_path / FILE_NAME}: no answer within {limit} s; mend the drive"):
            ask(database)
    assert database.connection.in_transaction in (True, False)  # it is open


def test_many_rows_come_in_parts(tmp_path: Path) -> None:
    """Each row once, in order, however many there are; and then the database is closed."""
    with BottleneckCache(tmp_path) as cache:
        cache._database.change([("INSERT INTO groups (first) VALUES (?)", [(number,) for number in range(1234)])])
        rows = cache._database.rows("SELECT first FROM groups WHERE first >= ? ORDER BY first", (100,))
        assert [first for (first,) in rows] == list(range(100, 1234))
    with pytest.raises(StorageError, match="closed"):
        cache._database.all("SELECT 1")
