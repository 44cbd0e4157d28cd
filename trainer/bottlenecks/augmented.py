"""Bottlenecks of augmented copies of photos: computed once, cached beside those of the photos themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from edge.preprocess import Pixels
from trainer.bottlenecks.cache import BottleneckCache, retry_once
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.fill_cache import Rows, fill
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.workers import MakeWorker, Read, Threads, Workers
from trainer.photos.augmentation import AUGMENTATION_VERSION, Strength, augment_picture
from trainer.photos.dataset import Photo
from trainer.photos.reading import decode_again

_LARGER = 2  # a photo is decoded at no less than twice the model's size, because a crop keeps only a part of it

STRENGTH = Strength(least_area=0.6, aspect=1.25, light=0.25, contrast=0.2, saturation=0.3, tint=0)
"""How much a cached copy may differ from its photo: less than in fine-tuning, because the network stays as it is."""


def copy_sha256(sha256: bytes, number: int) -> bytes:
    """The key (32 bytes) of copy ``number``, from 1 on, of the photo whose content hash is ``sha256``."""
    return hashlib.sha256(sha256 + f"augmentation {AUGMENTATION_VERSION} {number}".encode()).digest()


def make_copy(picture: Image.Image, sha256: bytes, number: int, size: tuple[int, int]) -> Pixels:
    """Copy ``number`` of the RGB ``picture`` with content hash ``sha256``, for a model of (width, height) ``size``.

    Returns uint8 (height, width, 3). The same arguments give the same pixels.
    """
    seed = int.from_bytes(copy_sha256(sha256, number), "big")
    return augment_picture(picture, size, STRENGTH, np.random.default_rng(seed))


class _Work(NamedTuple):
    """A photo and the numbers of those of its copies that are not in the cache."""

    photo: Photo
    numbers: list[int]

    @property
    def path(self) -> Path:
        """Where the photo is."""
        return self.photo.path


def compute_copies(extractor: FeatureExtractor, photos: list[Photo], count: int, threads: int | None = None) -> int:
    """Make sure that the cache has the bottlenecks of copies 1 to ``count`` of every one of ``photos``.

    Each photo is decoded once for all its missing copies, by the workers of ``extractor`` or on ``threads`` threads,
    and what is done is written at least every half second. Returns how many bottlenecks were computed. A corrupt cache
    is renamed, with a message, and a new one is filled.

    Raises :class:`~edge.errors.DatasetError` if a photo is not what it was when it was hashed, and
    :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    return retry_once(
        extractor.bottleneck_dir,
        extractor.progress.message,
        lambda: _compute(extractor, photos, count, Threads(threads) if threads else extractor.workers),
    )


def with_copies(extractor: FeatureExtractor, photos: list[Photo], originals: Labelled, count: int) -> Labelled:
    """``originals``, the bottlenecks of ``photos``, and behind them copy 1 of every photo, copy 2, and so on.

    Raises the errors of :func:`compute_copies`.
    """
    if not count:
        return originals
    compute_copies(extractor, photos, count)
    copies = extractor.load([copy_sha256(photo.sha256, n) for n in range(1, count + 1) for photo in photos])
    groups = None if originals.groups is None else np.tile(originals.groups, count + 1)
    return Labelled(np.concatenate([originals.features, copies]), np.tile(originals.labels, count + 1), groups)


def _compute(extractor: FeatureExtractor, photos: list[Photo], count: int, workers: Workers) -> int:
    with (
        BottleneckCache(extractor.bottleneck_dir) as cache,
        extractor.progress.stage(f"{count} augmented copies of each photo", len(photos)) as advance,
    ):
        known = cache.known_images(extractor.key, extractor.bottleneck_bytes)
        work = []
        for photo in photos:
            missing = [n for n in range(1, count + 1) if copy_sha256(photo.sha256, n) not in known]
            if missing:
                work.append(_Work(photo, missing))
        advance(len(photos) - len(work))
        results = workers.map(_worker_factory(extractor), work)
        computed = fill(cache, results, advance)[extractor.key]
        if computed:
            cache.check_holds(extractor.key, computed, extractor.bottleneck_bytes)
    return len(computed)


def _worker_factory(extractor: FeatureExtractor) -> MakeWorker[_Work, Rows]:
    size, new_interpreter = extractor.backbone.model.input_size, extractor.interpreter
    key, larger_size = extractor.key, (_LARGER * size[0], _LARGER * size[1])

    def make_worker() -> Callable[[_Work, Read], Rows]:
        interpreter = new_interpreter()

        def compute(work: _Work, read: Read) -> Rows:
            photo = work.photo
            picture = decode_again(photo.path, photo.sha256, larger_size, read)
            copies = {n: make_copy(picture, photo.sha256, n, size) for n in work.numbers}
            return Rows(
                [(key, copy_sha256(photo.sha256, n), interpreter.raw_outputs(c).tobytes()) for n, c in copies.items()],
                [],
                [],
            )

        return compute

    return make_worker
