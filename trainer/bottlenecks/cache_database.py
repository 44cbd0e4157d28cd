"""The SQLite file of the bottleneck cache: how it is opened, its tables, and what its errors mean."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from edge.errors import StorageError
from edge.system.drives import WRITE_TIMES, ask_drive
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
_OTHER_TABLES = re.compile("no such|table .* (has [0-9]+ columns but|has no column)")
"""The errors of a file whose tables are not those of this release: it is damaged, or of another one."""

BUSY_LIMIT_S = 50.0
"""How long another program may have the database locked, in seconds; less than a drive may take for its answer."""

_TOGETHER = 500  # rows that are asked for in one go

Result = TypeVar("Result")

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


class CacheDatabase:
    """An open cache file: its drive has a limit of time for each answer.

    Its methods raise :class:`CorruptCacheError`, and :class:`~edge.errors.StorageError` if the drive does not answer or
    the file cannot be written.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._path = path
        self._in_use = False

    def all(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of ``statement``; they are few."""
        return self._ask(lambda: self.connection.execute(statement, values).fetchall())

    def rows(self, statement: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of ``statement``, some at a time."""
        cursor = self._ask(lambda: self.connection.execute(statement, values))
        while some := self._ask(lambda: cursor.fetchmany(_TOGETHER)):
            yield from some

    def change(self, changes: Iterable[tuple[str, Sequence[Sequence[object]]]]) -> None:
        """Execute statements, each for all values that are beside it, in one transaction."""

        def change() -> None:
            with self.connection:
                for statement, values in changes:
                    self.connection.executemany(statement, values)

        self._ask(change, times=WRITE_TIMES)

    def close(self) -> None:
        """Close the file, unless a thread is in it that waits for the drive: closing would wait for it too."""
        if not self._in_use:
            self.connection.close()

    def _ask(self, ask: Callable[[], Result], *, times: float = 1) -> Result:
        self._in_use = True

        def answer() -> Result:
            try:
                return ask()
            finally:
                self._in_use = False

        with translated_errors(self._path):
            return ask_drive(self._path, answer, times=times)


def open_database(folder: Path, busy_limit_s: float = BUSY_LIMIT_S) -> CacheDatabase:
    """Open the database in ``folder``; make it if it is missing.

    ``busy_limit_s`` is how long another program may have it locked whenever it is used, in seconds.

    Raises :class:`CorruptCacheError`, or :class:`~edge.errors.StorageError` if it cannot be written, if its drive does
    not answer, or if ``folder`` is on a network drive.
    """
    make_cache_folder(folder)
    check_place(folder)
    path = folder / FILE_NAME
    return CacheDatabase(path, ask_drive(path, lambda: _open(path, busy_limit_s)))


def _open(path: Path, busy_limit_s: float) -> sqlite3.Connection:
    with translated_errors(path):
        # The thread that opens it is not the one that uses it.
        database = sqlite3.connect(path, timeout=busy_limit_s, check_same_thread=False)
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
        if _OTHER_TABLES.match(str(error)):  # SQLite counts another schema as an operational error
            raise CorruptCacheError(f"{path}: {error}") from None
        raise StorageError(f"{path}: {_what_to_do(path, str(error))}") from None
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes damaged names in its messages
        raise CorruptCacheError(f"{path}: {error}") from None


def _what_to_do(path: Path, error: str) -> str:
    """What SQLite's ``error``, of the database at ``path``, means, and what helps."""
    if error == "database is locked":
        return f"{error} by another program; wait until that ends, or choose another place with --bottleneck-dir"
    if error in ("unable to open database file", "attempt to write a readonly database") and (why := _why_not(path)):
        return f"{error}: {why}; choose another place with --bottleneck-dir"
    return f"{error}; free some space or choose another place with --bottleneck-dir"


def _why_not(path: Path) -> str | None:
    """Why ``path`` is no database that can be written. It is not opened: closing it would end the locks of this process
    (SQLite, *How To Corrupt An SQLite Database File*, section 2.2).
    """
    if os.path.isdir(path):
        return "a folder has its name"
    if os.path.islink(path) and not os.path.exists(path):
        return "it is a link to nothing"
    if hasattr(os, "statvfs") and os.statvfs(path.parent).f_flag & os.ST_RDONLY:
        return "its drive is read-only"
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return f"no right to write {path.parent}"
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(f"{path}{suffix}") and not os.access(f"{path}{suffix}", os.R_OK | os.W_OK):
            return f"no right to write {path.name}{suffix}"
    return None


def _check_schema(database: sqlite3.Connection, path: Path) -> None:
    """Raise :class:`CorruptCacheError` if the file holds more than tables and indexes.

    No release of this package makes triggers, views or virtual tables. They would change what is written or read.
    """
    others = database.execute(
        "SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
    )
    if others.fetchone():
        raise CorruptCacheError(f"{path}: it has a trigger or a view, which a cache never has")
