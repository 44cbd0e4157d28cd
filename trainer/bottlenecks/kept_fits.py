"""Fits that are kept in the cache: what was learnt from bottlenecks, so that the same run again need not learn it.

An entry is written in one transaction, whole or not at all. It carries the SHA-256 of its key and its content: a
damaged entry, or one that stands under another key, is none. Nothing here fails: a cache that cannot be read has no
entry, and one that cannot be written gets none.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from edge.errors import StorageError
from trainer.bottlenecks.cache_database import FILE_NAME, open_database, translated_errors

MOST_ENTRIES = 100
"""Of more entries the oldest go."""

MOST_BYTES = 100_000_000
"""The most bytes of all entries together; the oldest go first."""

_BUSY_LIMIT_S = 2.0
"""How long another program may have the cache locked, in seconds: a fit takes hardly longer than a longer wait."""


def load_fit(folder: Path, key: bytes) -> bytes | None:
    """What :func:`store_fit` has kept under ``key`` in the cache in ``folder``; None if there is nothing intact."""
    with (
        contextlib.suppress(StorageError),
        contextlib.closing(open_database(folder, _BUSY_LIMIT_S)) as database,
        translated_errors(folder / FILE_NAME),
    ):
        asked = "SELECT content, checksum FROM fits WHERE key = ? AND length(content) <= ?"  # no more in memory
        row = database.execute(asked, (key, MOST_BYTES)).fetchone()
        if row is not None and isinstance(row[0], bytes) and row[1] == _checksum(key, row[0]):
            return row[0]
    return None


def store_fit(folder: Path, key: bytes, content: bytes) -> None:
    """Keep ``content`` under ``key`` in the cache in ``folder``, as far as there is room for it.

    At most :data:`MOST_ENTRIES` and :data:`MOST_BYTES` are kept; the oldest go.
    """
    if len(content) > MOST_BYTES:
        return
    with (
        contextlib.suppress(StorageError),
        contextlib.closing(open_database(folder, _BUSY_LIMIT_S)) as database,
        translated_errors(folder / FILE_NAME),
        database,
    ):
        row = (key, content, _checksum(key, content))
        database.execute("INSERT OR REPLACE INTO fits VALUES (?, ?, ?)", row)
        total = 0
        newest_first = "SELECT rowid, length(content) FROM fits ORDER BY rowid DESC"
        for place, (number, size) in enumerate(database.execute(newest_first).fetchall()):
            total += size or 0
            if place >= MOST_ENTRIES or total > MOST_BYTES:
                database.execute("DELETE FROM fits WHERE rowid <= ?", (number,))
                break


def _checksum(key: bytes, content: bytes) -> bytes:
    return hashlib.sha256(key + content).digest()
