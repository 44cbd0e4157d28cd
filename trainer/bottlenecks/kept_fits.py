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
from trainer.bottlenecks.cache_database import open_database

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
    ):
        asked = "SELECT content, checksum FROM fits WHERE key = ? AND length(content) <= ?"  # no more in memory
        for content, checksum in database.all(asked, (key, MOST_BYTES)):
            if isinstance(content, bytes) and checksum == _checksum(key, content):
                return content
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
    ):
        row = (key, content, _checksum(key, content))
        database.change([("INSERT OR REPLACE INTO fits VALUES (?, ?, ?)", [row])])
        total = 0
        newest_first = "SELECT rowid, length(content) FROM fits ORDER BY rowid DESC"
        for place, (number, size) in enumerate(database.all(newest_first)):
            total += size or 0
            if place >= MOST_ENTRIES or total > MOST_BYTES:
                database.change([("DELETE FROM fits WHERE rowid <= ?", [(number,)])])
                break


def _checksum(key: bytes, content: bytes) -> bytes:
    return hashlib.sha256(key + content).digest()
