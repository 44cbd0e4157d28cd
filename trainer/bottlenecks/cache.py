"""The bottleneck cache: an SQLite file that survives kills, copies, edits and two runs at the same time.

Bottlenecks are keyed by artifact, preprocessing version and image content, so none of them can be out of date.
A second table remembers the content hash of files by path, size and modification time, a third one the looks of photos,
a fourth one which photos of a folder are groups, and a fifth one fits: see :mod:`trainer.bottlenecks.kept_fits`.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from edge.errors import StorageError
from edge.preprocess import PREPROCESSING_VERSION
from trainer.bottlenecks.cache_database import FILE_NAME, CorruptCacheError, open_database, set_aside
from trainer.bottlenecks.digests import Digests
from trainer.photos.bucket import in_bucket
from trainer.photos.look import LOOK_VERSION
from trainer.photos.photo_files import FileStatus

_TOGETHER = 500  # keys in one question to the database
_KEPT_GROUPS = 100  # folders, as they were at some time
_SETTLED_NS = 2_000_000_000  # a file that changed so recently may change again without another time stamp
_FIRST_NS = -(1 << 63)  # SQLite's least whole number, in 1677; a file of Windows without a time is of 1601

Result = TypeVar("Result")


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

        Raises the errors of :func:`~trainer.bottlenecks.cache_database.open_database`.
        """
        self._path = folder / FILE_NAME
        self._database = open_database(folder)

    def __enter__(self) -> BottleneckCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def known_files(self, keys: Sequence[bytes] | None = None) -> dict[bytes, tuple[int, int, bytes]]:
        """(size in bytes, mtime in ns, sha256) of files hashed before, by :func:`file_key`: all, or those ``keys``."""
        columns = "SELECT path, size, mtime_ns, sha256 FROM files"
        rows = self._database.rows(columns) if keys is None else self._select(columns, "path", keys)
        return {path: (size, mtime_ns, sha256) for path, size, mtime_ns, sha256 in rows}

    def known_images(self, artifact: bytes, vector_bytes: int) -> Digests:
        """The sha256 of every image with an intact bottleneck of ``artifact`` (its sha256, 32 bytes)."""
        return Digests(image for image, vector in self._intact(artifact) if len(vector) == vector_bytes)

    def holds(self, artifact: bytes, images: Sequence[bytes], vector_bytes: int) -> bool:
        """Whether each of ``images``, a few sha256, has an intact bottleneck of ``artifact``."""
        wanted = list(set(images))
        return [len(vector) for _, vector in self._intact(artifact, wanted)].count(vector_bytes) == len(wanted)

    def check_holds(self, artifact: bytes, images: Iterable[bytes], vector_bytes: int) -> None:
        """Make sure that what was just stored can be read again.

        A flipped bit in a key leaves a database that SQLite takes for sound. It loses every row behind that key,
        however often they are stored. Raises :class:`CorruptCacheError` if a bottleneck is missing.
        """
        known, source, lost = self.known_images(artifact, vector_bytes), iter(images), 0
        while some := list(islice(source, _TOGETHER)):
            lost += int((~known.contains(some)).sum())
        if lost:
            raise CorruptCacheError(f"{self._path}: {lost} stored bottlenecks cannot be found again")

    def _select(self, columns: str, key: str, values: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
        """The rows of ``columns`` whose ``key`` is one of ``values``, a few hundred in one go."""
        for start in range(0, len(values), _TOGETHER):
            some = values[start : start + _TOGETHER]
            yield from self._database.all(f"{columns} WHERE {key} IN ({', '.join('?' * len(some))})", some)

    def store(
        self,
        artifact: bytes,
        vectors: Iterable[tuple[bytes, bytes]],
        files: Iterable[tuple[Path, FileStatus, bytes]],
        looks: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        """Add bottlenecks and looks, as (image sha256, bytes), and hashed files, in one transaction."""
        newest = time.time_ns() - _SETTLED_NS
        self._database.change(
            [
                (
                    "INSERT OR REPLACE INTO bottlenecks VALUES (?, ?, ?, ?, ?)",
                    [(artifact, PREPROCESSING_VERSION, image, v, zlib.crc32(v)) for image, v in vectors],
                ),
                (
                    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                    [
                        (file_key(path), status.st_size, status.st_mtime_ns, sha256)
                        for path, status, sha256 in files
                        if _FIRST_NS <= status.st_mtime_ns < newest
                    ],
                ),
                (
                    "INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?)",
                    [(LOOK_VERSION, image, look, zlib.crc32(look)) for image, look in looks],
                ),
            ]
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
        # A few are looked up. A damaged index may not find them, and then all rows are walked.
        for looked_up in (list(rows), None) if len(rows) <= _TOGETHER else (None,):
            for image, vector in self._intact(artifact, looked_up) if missing else ():
                if image in missing:
                    matrix[rows[image]] = np.frombuffer(vector, dtype)
                    missing.discard(image)
        if missing:
            raise StorageError(f"{self._path}: lost {len(missing)} bottlenecks while training; run again")
        # An image that is asked for twice has one row so far.
        return matrix if len(rows) == len(images) else matrix[[rows[image] for image in images]]

    def copy_to(
        self, write: Callable[[bytes, int], None], artifact: bytes, images: Sequence[bytes], vector_bytes: int
    ) -> None:
        """Write the bottlenecks of ``images``, in their order, one after the other.

        ``write`` is called with each and its place, in bytes.

        Raises :class:`~edge.errors.StorageError` if one of them is missing, and :class:`OSError` of the file.
        """
        rows = _in_rows(images, self._intact(artifact))
        found = 0
        for row, vector in rows:
            if len(vector) == vector_bytes:
                write(vector, row * vector_bytes)
                found += 1
        if found < len(images):
            raise StorageError(f"{self._path}: lost {len(images) - found} bottlenecks while training; run again")

    def looks_in_rows(self, images: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
        """The intact looks of ``images``, each with the place of its image; in no order."""
        return _in_rows(images, self.intact_looks())

    def intact_looks(self) -> Iterator[tuple[bytes, bytes]]:
        """The sha256 of every image with an intact look, and that; sorted."""
        columns = "SELECT image, look, checksum FROM looks WHERE version = ? ORDER BY image"
        for image, look, checksum in self._database.rows(columns, (LOOK_VERSION,)):
            if isinstance(image, bytes) and isinstance(look, bytes) and zlib.crc32(look) == checksum:
                yield image, look

    def images_with_look(self) -> Digests:
        """The sha256 of every image with a look, intact or not."""
        rows = self._database.rows("SELECT image FROM looks WHERE version = ?", (LOOK_VERSION,))
        return Digests(image for (image,) in rows if isinstance(image, bytes))

    def load_looks(self, images: Iterable[bytes]) -> dict[bytes, bytes]:
        """The intact looks of ``images``, given by their sha256; those that are missing or damaged are not in it."""
        wanted = set(images)
        return {image: look for image, look in self.intact_looks() if image in wanted}

    def store_groups(self, key: bytes, first: bytes) -> None:
        """Keep the groups of some photos under ``key``; those of the hundred last keys are kept."""
        oldest = "DELETE FROM groups WHERE rowid <= (SELECT max(rowid) FROM groups) - ?"
        row = (key, first, zlib.crc32(first))
        self._database.change([("INSERT OR REPLACE INTO groups VALUES (?, ?, ?)", [row]), (oldest, [(_KEPT_GROUPS,)])])

    def load_groups(self, key: bytes) -> bytes | None:
        """What :meth:`store_groups` kept under ``key``, None if there is nothing intact."""
        found = self._database.all("SELECT first, checksum FROM groups WHERE key = ?", (key,))
        return next((first for first, crc in found if isinstance(first, bytes) and zlib.crc32(first) == crc), None)

    def _intact(self, artifact: bytes, images: Sequence[bytes] | None = None) -> Iterator[tuple[bytes, bytes]]:
        """The sha256 of every image with an intact bottleneck, and that: all, sorted, or those of ``images``."""
        columns = "SELECT image, vector, checksum FROM bottlenecks"
        fixed = f"artifact = x'{artifact.hex()}' AND preprocessing = {PREPROCESSING_VERSION}"
        if images is None:
            rows = self._database.rows(f"{columns} WHERE {fixed} ORDER BY image")
        else:
            rows = self._select(columns, f"{fixed} AND image", images)
        for image, vector, checksum in rows:
            if isinstance(image, bytes) and isinstance(vector, bytes) and zlib.crc32(vector) == checksum:
                yield image, vector


def _in_rows(images: Sequence[bytes], rows: Iterator[tuple[bytes, bytes]]) -> Iterator[tuple[int, bytes]]:
    """What ``rows``, which are sorted by image, hold of ``images``, each with the place of its image."""
    order = sorted(range(len(images)), key=images.__getitem__)  # as the rows are: both are walked once
    place = 0
    for image, content in rows:
        while place < len(order) and images[order[place]] < image:
            place += 1
        while place < len(order) and images[order[place]] == image:
            yield order[place], content
            place += 1


def file_key(path: Path) -> bytes:
    """The key of a file in :meth:`BottleneckCache.known_files`: its absolute path, or its address, as bytes."""
    return os.fsencode(path) if in_bucket(path) else os.fsencode(os.path.abspath(path))
