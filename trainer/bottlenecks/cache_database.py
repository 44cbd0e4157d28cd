"""The SQLite file of the bottleneck cache: how it is opened, its tables, and what its errors mean."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from edge.errors import StorageError
from edge.system.file_changes import replace
from trainer.bottlenecks.cache_place import check_place
from trainer.cache_folder import make_cache_folder

FILE_NAME = "bottlenecks.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bottlenecks (
    artifact BLOB, preprocessing INTEGER, image BLOB, vector BLOB, checksum INTEGER,
    PRIMARY KEY (artifact, preprocessing, image)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, sha256 BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS looks (version INTEGER, image BLOB, look BLOB, checksum INTEGER, UNIQUE (version, image));
CREATE TABLE IF NOT EXISTS groups (key BLOB UNIQUE, first BLOB, checksum INTEGER);
CREATE TABLE IF NOT EXISTS fits (key BLOB UNIQUE, content BLOB, checksum BLOB);
"""
_BUSY_TIMEOUT_S = 60
_PAGE_BYTES = 16_384
"""In SQLite's usual pages of 4,096 bytes, a row of 1,024 values in int8 is too large: it takes a page of its own."""


class CorruptCacheError(StorageError):
    """The cache file is not a working SQLite database; :func:`set_aside` renames it, so that a new one can be made."""


def set_aside(folder: Path) -> Path:
    """Rename a corrupt cache in ``folder`` so that the next run starts a new one; returns its new name."""
    path = folder / FILE_NAME
    aside = path.with_name(f"{path.name}.corrupt")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    replace(path, aside)
    return aside


def open_database(folder: Path) -> sqlite3.Connection:
    """Open the database in ``folder``; make it if it is missing.

    Raises :class:`CorruptCacheError`, or :class:`~edge.errors.StorageError` if it cannot be written, or if ``folder``
    is on a network drive.
    """
    path = folder / FILE_NAME
    make_cache_folder(folder)
    check_place(folder)
    with translated_errors(path):
        database = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S)
        with contextlib.ExitStack() as failed:
            failed.callback(database.close)  # as long as it is open, Windows does not let set_aside rename it
            database.text_factory = bytes  # a damaged type byte must not turn into a decoding error
            database.execute("PRAGMA trusted_schema = OFF")
            _check_schema(database, path)
            database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # of a new file; others keep theirs
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.executescript(_SCHEMA)
            failed.pop_all()
    return database


@contextlib.contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Errors of SQLite in the block become those of :func:`open_database` for the file ``path``."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if str(error).startswith("no such"):  # SQLite counts a damaged schema as an operational error
            raise CorruptCacheError(f"{path}: {error}") from None
        raise StorageError(f"{path}: {error}; free some space or choose another place with --bottleneck-dir") from None
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes damaged names in its messages
        raise CorruptCacheError(f"{path}: {error}") from None


def _check_schema(database: sqlite3.Connection, path: Path) -> None:
    """Raise :class:`CorruptCacheError` if the file holds more than tables and indexes.

    No release of this package makes triggers, views or virtual tables. They would change what is written or read.
    """
    others = database.execute(
        "SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
    )
    if others.fetchone():
        raise CorruptCacheError(f"{path}: it has a trigger or a view, which a cache never has")
