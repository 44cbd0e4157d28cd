"""Filling the cache: what workers compute is written every half second, so that a killed run loses little."""

from __future__ import annotations

import time
from collections import defaultdict
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

    ``bottlenecks`` are (key of the artifact, content hash, bytes of the bottleneck) of what was computed, ``files`` are
    (path, status, content hash) of what was read, ``looks`` are (content hash, bytes of the look).
    """

    bottlenecks: list[tuple[bytes, bytes, bytes]]
    files: list[tuple[Path, FileStatus, bytes]]
    looks: list[tuple[bytes, bytes]]


def fill(cache: BottleneckCache, results: Iterable[Rows], advance: Advance) -> dict[bytes, set[bytes]]:
    """Write ``results`` into ``cache`` as they come; returns the content hashes that were computed, for each artifact.

    ``advance`` is called with 1 for each result. Raises :class:`~edge.errors.StorageError` and
    :class:`~trainer.bottlenecks.cache.CorruptCacheError`.
    """
    computed: dict[bytes, set[bytes]] = defaultdict(set)
    pending = Rows([], [], [])
    committed = time.monotonic()
    for rows in results:
        pending.bottlenecks.extend(rows.bottlenecks)
        pending.files.extend(rows.files)
        pending.looks.extend(rows.looks)
        for artifact, sha256, _ in rows.bottlenecks:
            computed[artifact].add(sha256)
        advance(1)
        if time.monotonic() - committed > COMMIT_EVERY_S:
            _commit(cache, pending)
            pending = Rows([], [], [])
            committed = time.monotonic()
    _commit(cache, pending)
    return computed


def _commit(cache: BottleneckCache, rows: Rows) -> None:
    """Write ``rows``; what files hold is written last, with the last artifact."""
    by_artifact: dict[bytes, list[tuple[bytes, bytes]]] = defaultdict(list)
    for artifact, sha256, vector in rows.bottlenecks:
        by_artifact[artifact].append((sha256, vector))
    last, vectors = by_artifact.popitem() if by_artifact else (b"", [])
    for artifact, others in by_artifact.items():
        cache.store(artifact, others, [])
    if any(rows):
        cache.store(last, vectors, rows.files, rows.looks)
