"""The bottleneck cache: an SQLite file that survives kills, copies, edits and two runs at the same time.

Bottlenecks are keyed by artifact, preprocessing version and image content, so none of them can be out of date.
A second table remembers the content hash of files by path, size and modification time, a third one the looks of photos,
and a fourth one which photos of a folder are groups.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edge.errors import StorageError
from edge.preprocess import PREPROCESSING_VERSION
from edge.system.file_changes import replace
from trainer.photos.look import LOOK_VERSION
from trainer.photos.reading import FileStatus

FILE_NAME = "bottlenecks.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bottlenecks (
    artifact BLOB, preprocessing INTEGER, image BLOB, vector BLOB, checksum INTEGER,
    PRIMARY KEY (artifact, preprocessing, image)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, sha256 BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS looks (version INTEGER, image BLOB, look BLOB, checksum INTEGER, UNIQUE (version, image));
CREATE TABLE IF NOT EXISTS groups (key BLOB UNIQUE, first BLOB, checksum INTEGER);
"""
_BUSY_TIMEOUT_S = 60
_KEPT_GROUPS = 100  # folders, as they were at some time
_SETTLED_NS = 2_000_000_000  # a file that changed so recently may change again without another time stamp

Result = TypeVar("Result")


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


def retry_once(folder: Path, write_message: Callable[[str], None], attempt: Callable[[], Result]) -> Result:
    """What ``attempt`` returns; if the cache in ``folder`` is corrupt, it is renamed, with a line, and tried again."""
    try:
        return attempt()
    except CorruptCacheError as error:
        write_message(f"the bottleneck cache is corrupt ({error}); renamed to {set_aside(folder)}; a new one is made")
        return attempt()


class BottleneckCache:
    """The cache in ``folder``; a context manager. Every ``store`` is one transaction: whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Open the cache; make it if it is missing.

        Raises :class:`CorruptCacheError`, or :class:`~edge.errors.StorageError` if it cannot be written.
        """
        self._path = folder / FILE_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be made ({error.strerror}); choose --bottleneck-dir") from None
        with self._translated():
            self._database = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S)
            with contextlib.ExitStack() as failed:
                failed.callback(self._database.close)  # as long as it is open, Windows does not let set_aside rename it
                self._database.text_factory = bytes  # a damaged type byte must not turn into a decoding error
                self._database.execute("PRAGMA trusted_schema = OFF")
                self._check_schema()
                self._database.execute("PRAGMA journal_mode = WAL")
                self._database.execute("PRAGMA synchronous = NORMAL")
                self._database.executescript(_SCHEMA)
                failed.pop_all()

    def _check_schema(self) -> None:
        """Raise :class:`CorruptCacheError` if the file holds more than tables and indexes.

        No release of this package makes triggers, views or virtual tables. They would change what is written or read.
        """
        others = self._database.execute(
            "SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
        )
        if others.fetchone():
            raise CorruptCacheError(f"{self._path}: it has a trigger or a view, which a cache never has")

    def __enter__(self) -> BottleneckCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if str(error).startswith("no such"):  # SQLite counts a damaged schema as an operational error
                raise CorruptCacheError(f"{self._path}: {error}") from None
            raise StorageError(
                f"{self._path}: {error}; free some space or choose another place with --bottleneck-dir"
            ) from None
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes damaged names in its messages
            raise CorruptCacheError(f"{self._path}: {error}") from None

    def known_files(self) -> dict[bytes, tuple[int, int, bytes]]:
        """(size in bytes, mtime in ns, sha256) of every file hashed before, by absolute path."""
        with self._translated():
            rows = self._database.execute("SELECT path, size, mtime_ns, sha256 FROM files")
            return {path: (size, mtime_ns, sha256) for path, size, mtime_ns, sha256 in rows}

    def known_images(self, artifact: bytes, vector_bytes: int) -> set[bytes]:
        """The sha256 of every image with an intact bottleneck of ``artifact`` (its sha256, 32 bytes)."""
        return {image for image, vector in self._intact(artifact) if len(vector) == vector_bytes}

    def holds(self, artifact: bytes, images: Sequence[bytes], vector_bytes: int) -> bool:
        """Whether each of ``images``, a few sha256, has an intact bottleneck of ``artifact``."""
        places = ", ".join("?" * len(images))
        with self._translated():
            rows = self._database.execute(
                "SELECT vector, checksum FROM bottlenecks WHERE artifact = ? AND preprocessing = ? "
                f"AND image IN ({places})",
                (artifact, PREPROCESSING_VERSION, *images),
            ).fetchall()
        intact = [v for v, sum_ in rows if isinstance(v, bytes) and len(v) == vector_bytes and zlib.crc32(v) == sum_]
        return len(intact) == len(set(images))

    def check_holds(self, artifact: bytes, images: set[bytes], vector_bytes: int) -> None:
        """Make sure that what was just stored can be read again.

        A flipped bit in a key leaves a database that SQLite takes for sound. It loses every row behind that key,
        however often they are stored. Raises :class:`CorruptCacheError` if a bottleneck is missing.
        """
        lost = len(images - self.known_images(artifact, vector_bytes))
        if lost:
            raise CorruptCacheError(f"{self._path}: {lost} stored bottlenecks cannot be found again")

    def store(
        self,
        artifact: bytes,
        vectors: Iterable[tuple[bytes, bytes]],
        files: Iterable[tuple[Path, FileStatus, bytes]],
        looks: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        """Add bottlenecks and looks, as (image sha256, bytes), and hashed files, in one transaction."""
        newest = time.time_ns() - _SETTLED_NS
        with self._translated(), self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO bottlenecks VALUES (?, ?, ?, ?, ?)",
                [(artifact, PREPROCESSING_VERSION, image, v, zlib.crc32(v)) for image, v in vectors],
            )
            self._database.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                [
                    (file_key(path), status.st_size, status.st_mtime_ns, sha256)
                    for path, status, sha256 in files
                    if status.st_mtime_ns < newest
                ],
            )
            self._database.executemany(
                "INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?)",
                [(LOOK_VERSION, image, look, zlib.crc32(look)) for image, look in looks],
            )

    def load(
        self, artifact: bytes, images: Sequence[bytes], features: int, dtype: npt.DTypeLike
    ) -> npt.NDArray[np.generic]:
        """The bottlenecks of ``images`` in their order: shape (images, values), in the artifact's ``dtype``.

        Raises :class:`~edge.errors.StorageError` if one of them is missing.
        """
        rows = {image: row for row, image in enumerate(dict.fromkeys(images))}
        matrix = np.empty((len(rows), features), dtype)
        missing = set(rows)
        for image, vector in self._intact(artifact):
            if image in rows:
                matrix[rows[image]] = np.frombuffer(vector, dtype)
                missing.discard(image)
        if missing:
            raise StorageError(f"{self._path}: lost {len(missing)} bottlenecks while training; run again")
        # An image that is asked for twice has one row so far.
        return matrix if len(rows) == len(images) else matrix[[rows[image] for image in images]]

    def images_with_look(self) -> set[bytes]:
        """The sha256 of every image with a look, intact or not."""
        with self._translated():
            rows = self._database.execute("SELECT image FROM looks WHERE version = ?", (LOOK_VERSION,))
            return {image for (image,) in rows}

    def load_looks(self, images: Iterable[bytes]) -> dict[bytes, bytes]:
        """The intact looks of ``images``, given by their sha256; those that are missing or damaged are not in it."""
        wanted, looks = set(images), {}
        with self._translated():
            rows = self._database.execute("SELECT image, look, checksum FROM looks WHERE version = ?", (LOOK_VERSION,))
            for image, look, checksum in rows:
                if image in wanted and isinstance(look, bytes) and zlib.crc32(look) == checksum:
                    looks[image] = look
        return looks

    def store_groups(self, key: bytes, first: bytes) -> None:
        """Keep the groups of some photos under ``key``; those of the hundred last keys are kept."""
        with self._translated(), self._database:
            self._database.execute("INSERT OR REPLACE INTO groups VALUES (?, ?, ?)", (key, first, zlib.crc32(first)))
            self._database.execute(
                "DELETE FROM groups WHERE rowid <= (SELECT max(rowid) FROM groups) - ?", (_KEPT_GROUPS,)
            )

    def load_groups(self, key: bytes) -> bytes | None:
        """What :meth:`store_groups` kept under ``key``, None if there is nothing intact."""
        with self._translated():
            row = self._database.execute("SELECT first, checksum FROM groups WHERE key = ?", (key,)).fetchone()
        return row[0] if row and isinstance(row[0], bytes) and zlib.crc32(row[0]) == row[1] else None

    def _intact(self, artifact: bytes) -> Iterator[tuple[bytes, bytes]]:
        with self._translated():
            rows = self._database.execute(
                "SELECT image, vector, checksum FROM bottlenecks WHERE artifact = ? AND preprocessing = ?",
                (artifact, PREPROCESSING_VERSION),
            )
            for image, vector, checksum in rows:
                if isinstance(vector, bytes) and zlib.crc32(vector) == checksum:
                    yield image, vector


def file_key(path: Path) -> bytes:
    """The key of a file in :meth:`BottleneckCache.known_files`: its absolute path as bytes."""
    return os.fsencode(os.path.abspath(path))
