"""Fits in the cache: intact or not there, never too many, and never the reason for an error."""

from __future__ import annotations

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trainer.bottlenecks import kept_fits
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.bottlenecks.kept_fits import load_fit, store_fit

KEY, OTHER = b"k" * 32, b"o" * 32


def change(folder: Path, statement: str, *values: object) -> None:
    """Change the cache in ``folder`` behind its back."""
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as database, database:
        database.execute(statement, values)


def test_what_was_stored_comes_back(tmp_path: Path) -> None:
    """An entry has the bytes that were stored last, also empty ones; another key has none."""
    assert load_fit(tmp_path, KEY) is None
    store_fit(tmp_path, KEY, b"first")
    store_fit(tmp_path, KEY, b"\0content" * 9000)
    store_fit(tmp_path, OTHER, b"")
    assert load_fit(tmp_path, KEY) == b"\0content" * 9000
    assert load_fit(tmp_path, OTHER) == b""
    assert load_fit(tmp_path, b"x" * 32) is None


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("UPDATE fits SET content = ? WHERE key = ?", (b"c0ntent", KEY)),
        ("UPDATE fits SET content = ? WHERE key = ?", (b"conte", KEY)),
        ("UPDATE fits SET content = ? WHERE key = ?", (None, KEY)),
        ("UPDATE fits SET content = ? WHERE key = ?", (7, KEY)),
        ("UPDATE fits SET checksum = ? WHERE key = ?", (b"", KEY)),
        ("UPDATE fits SET (content, checksum) = (SELECT content, checksum FROM fits WHERE key = ?)", (OTHER,)),
    ],
)
def test_damaged_and_foreign_entries_are_none(tmp_path: Path, statement: str, values: tuple[object, ...]) -> None:
    """An entry that was changed, cut, emptied, or moved to another key is not there; it can be stored again."""
    store_fit(tmp_path, KEY, b"content")
    store_fit(tmp_path, OTHER, b"another")
    change(tmp_path, statement, *values)
    assert load_fit(tmp_path, KEY) is None
    assert load_fit(tmp_path, OTHER) == b"another"
    store_fit(tmp_path, KEY, b"content")
    assert load_fit(tmp_path, KEY) == b"content"


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more entries and bytes are kept than the limits say; what is too large alone is not kept at all."""
    monkeypatch.setattr(kept_fits, "MOST_ENTRIES", 5)
    for number in range(8):
        store_fit(tmp_path, bytes([number]), b"x" * 10)
    assert [load_fit(tmp_path, bytes([number])) is not None for number in range(8)] == [False] * 3 + [True] * 5
    monkeypatch.setattr(kept_fits, "MOST_BYTES", 35)
    store_fit(tmp_path, b"a", b"y" * 15)
    store_fit(tmp_path, b"b", b"z" * 36)
    kept = [key for key in (b"\5", b"\6", b"\7", b"a", b"b") if load_fit(tmp_path, key) is not None]
    assert kept == [b"\6", b"\7", b"a"]


def test_a_cache_that_fails_keeps_nothing(tmp_path: Path) -> None:
    """No error comes from a cache that cannot be made, that is corrupt, or that refuses a write."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    store_fit(file, KEY, b"content")
    assert load_fit(file, KEY) is None
    corrupt = tmp_path / "corrupt"
    corrupt.mkdir()
    (corrupt / FILE_NAME).write_bytes(b"no database" * 999)
    store_fit(corrupt, KEY, b"content")
    assert load_fit(corrupt, KEY) is None
    store_fit(tmp_path, OTHER, b"other")
    change(tmp_path, "CREATE UNIQUE INDEX refusal ON fits (length(content) > 0)")  # a second entry breaks it
    store_fit(tmp_path, KEY, b"content")
    assert (load_fit(tmp_path, KEY), load_fit(tmp_path, OTHER)) in ((None, b"other"), (b"content", None))


def test_two_at_once(tmp_path: Path) -> None:
    """Many writers and readers of a few keys find nothing or a whole entry."""

    def work(number: int) -> bytes | None:
        key = bytes([number % 3]) * 32
        store_fit(tmp_path, key, key * 5000)
        return load_fit(tmp_path, key)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(12))) == [bytes([number % 3]) * 160_000 for number in range(12)]


def test_a_cache_that_another_program_has_locked_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fit is not kept then, and soon: a new fit takes hardly longer than the cache's own wait."""
    monkeypatch.setattr(kept_fits, "_BUSY_LIMIT_S", 0.01)
    store_fit(tmp_path, KEY, b"content")
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store_fit(tmp_path, OTHER, b"another")
        assert load_fit(tmp_path, KEY) == b"content"
        other.execute("ROLLBACK")
    assert load_fit(tmp_path, OTHER) is None


def test_an_entry_that_is_larger_than_any_can_be_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take as much memory; it can be stored again."""
    store_fit(tmp_path, KEY, b"content")
    monkeypatch.setattr(kept_fits, "MOST_BYTES", 6)
    assert load_fit(tmp_path, KEY) is None
    store_fit(tmp_path, KEY, b"six by")
    assert load_fit(tmp_path, KEY) == b"six by"
