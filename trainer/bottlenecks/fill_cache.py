"""Filling the cache: what workers compute is written every half second, so that a killed run loses little."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from trainer.bottlenecks.cache import BottleneckCache
from trainer.photos.photo_files import FileStatus
from trainer.progress import Advance

COMMIT_EVERY_S = 0.5
"""What is computed is written at least this often, so that a killed run loses no more."""


class Rows(NamedTuple):
    """What one file gave the cache.

    ``bottlenecks`` are (content hash, bytes of the bottleneck) of what was computed, ``files`` are (path, status,
    content hash) of what was read, ``looks`` are (content hash, bytes of the look).
    """

    bottlenecks: list[tuple[bytes, bytes]]
    files: list[tuple[Path, FileStatus, bytes]]
    looks: list[tuple[bytes, bytes]]


def fill(cache: BottleneckCache, artifact: bytes, results: Iterable[Rows], advance: Advance) -> set[bytes]:
    """Write ``results`` of ``artifact`` into ``cache`` as they come; returns the content hashes that were computed.

    ``advance`` is called with 1 for each result. Raises :class:`~edge.errors.StorageError` and
    :class:`~trainer.bottlenecks.cache.CorruptCacheError`.
    """
    computed: set[bytes] = set()
    pending = Rows([], [], [])
    committed = time.monotonic()
    for rows in results:
        pending.bottlenecks.extend(rows.bottlenecks)
        pending.files.extend(rows.files)
        pending.looks.extend(rows.looks)
        computed.update(sha256 for sha256, _ in rows.bottlenecks)
        advance(1)
        if time.monotonic() - committed > COMMIT_EVERY_S:
            _commit(cache, artifact, pending)
            pending = Rows([], [], [])
            committed = time.monotonic()
    _commit(cache, artifact, pending)
    return computed


def _commit(cache: BottleneckCache, artifact: bytes, rows: Rows) -> None:
    if any(rows):
        cache.store(artifact, rows.bottlenecks, rows.files, rows.looks)
