"""Bottlenecks of a folder of photos: the artifact's own outputs, computed on all cores, cached as they come."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import ImageError
from edge.inference.interpreter import RUNTIMES, ImageInterpreter, choose_runtime, dequantize
from edge.parallel import available_cores, ordered_map
from edge.preprocess import preprocess
from trainer.backbones.backbone import Backbone
from trainer.bottlenecks.cache import BottleneckCache, file_key
from trainer.photos.dataset import Listing
from trainer.photos.reading import read_photo

COMMIT_EVERY_S = 0.5
"""What is computed is written at least this often, so that a killed run loses no more."""


class Outcome(NamedTuple):
    """What became of each candidate of a listing, in its order.

    ``identities`` are sha256 digests (32 bytes), None where there is a reason instead. ``computed`` counts
    the bottlenecks that were not in the cache.
    """

    identities: list[bytes | None]
    reasons: list[str | None]
    computed: int


class _Work(NamedTuple):
    position: int
    path: Path


class _Done(NamedTuple):
    position: int
    path: Path
    status: os.stat_result | None
    sha256: bytes | None
    vector: bytes | None
    reason: str | None


def compute_bottlenecks(
    backbone: Backbone,
    listing: Listing,
    cache: BottleneckCache,
    advance: Callable[[int], None] = lambda count: None,
    threads: int | None = None,
    runtime: str | None = None,
) -> Outcome:
    """Make sure that ``cache`` has the bottleneck of every photo in ``listing``.

    Only what is missing is computed, on ``threads`` workers (all cores by default), and written at least
    every half second, so that a killed run loses no more than that. ``advance`` is called with the number
    of candidates just finished.

    Raises :class:`~edge.errors.StorageError` and :class:`~trainer.bottlenecks.cache.CorruptCacheError`.
    """
    artifact = cache_key(backbone, runtime)
    known_files = cache.known_files()
    done_images = cache.known_images(artifact, vector_bytes(backbone))
    identities: list[bytes | None] = [None] * len(listing.candidates)
    reasons: list[str | None] = [None] * len(listing.candidates)
    work = []
    for position, candidate in enumerate(listing.candidates):
        sha256 = _recall(candidate.path, known_files)
        if sha256 in done_images:
            identities[position] = sha256
        else:
            work.append(_Work(position, candidate.path))
    advance(len(listing.candidates) - len(work))

    pending: list[_Done] = []
    computed = 0
    committed = time.monotonic()
    for done in ordered_map(_worker_factory(backbone, done_images, runtime), work, threads or available_cores()):
        identities[done.position], reasons[done.position] = done.sha256, done.reason
        computed += done.vector is not None
        pending.append(done)
        advance(1)
        if time.monotonic() - committed > COMMIT_EVERY_S:
            _commit(cache, artifact, pending)
            pending.clear()
            committed = time.monotonic()
    _commit(cache, artifact, pending)
    if computed:
        cache.check_holds(artifact, {identity for identity in identities if identity}, vector_bytes(backbone))
    return Outcome(identities, reasons, computed)


def load_features(
    backbone: Backbone, cache: BottleneckCache, images: list[bytes], runtime: str | None = None
) -> npt.NDArray[np.float32]:
    """The bottlenecks of ``images`` as real numbers: shape (images, features), float32."""
    output = backbone.model.output
    assert output.dtype is not None  # examined when the artifact was built
    raw = cache.load(cache_key(backbone, runtime), images, backbone.feature_size, output.dtype)
    return dequantize(raw, output)


def cache_key(backbone: Backbone, runtime: str | None) -> bytes:
    """The artifact's sha256 (32 bytes), mixed with the interpreter where that is not the preferred one.

    Interpreters round 8-bit activations differently; a head must never be fitted on a mixture of both.
    """
    artifact, chosen = bytes.fromhex(backbone.model.sha256), choose_runtime(runtime)
    return artifact if chosen == next(iter(RUNTIMES)) else hashlib.sha256(artifact + chosen.encode()).digest()


def vector_bytes(backbone: Backbone) -> int:
    """How many bytes a cached bottleneck of ``backbone`` has."""
    assert backbone.model.output.dtype is not None
    return backbone.feature_size * backbone.model.output.dtype.itemsize


def _recall(path: Path, known_files: dict[bytes, tuple[int, int, bytes]]) -> bytes | None:
    known = known_files.get(file_key(path))
    if known is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return known[2] if (status.st_size, status.st_mtime_ns) == known[:2] else None


def _worker_factory(
    backbone: Backbone, done_images: set[bytes], runtime: str | None
) -> Callable[[], Callable[[_Work], _Done]]:
    def make_worker() -> Callable[[_Work], _Done]:
        interpreter = ImageInterpreter(backbone.model, runtime=runtime)

        def compute(work: _Work) -> _Done:
            try:
                content, status = read_photo(work.path)
                sha256 = hashlib.sha256(content).digest()
                vector = None
                if sha256 not in done_images:
                    pixels = preprocess(content, backbone.model.input_size)
                    vector = interpreter.raw_outputs(pixels).tobytes()
                return _Done(work.position, work.path, status, sha256, vector, None)
            except ImageError as error:
                return _Done(work.position, work.path, None, None, None, str(error))

        return compute

    return make_worker


def _commit(cache: BottleneckCache, artifact: bytes, pending: list[_Done]) -> None:
    vectors = [(done.sha256, done.vector) for done in pending if done.sha256 and done.vector]
    files = [(done.path, done.status, done.sha256) for done in pending if done.sha256 and done.status]
    if files:
        cache.store(artifact, vectors, files)
