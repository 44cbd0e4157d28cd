"""Bottlenecks of augmented photos: computed once, cached beside those of the photos themselves."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from edge.errors import DatasetError, ImageError
from edge.inference.interpreter import ImageInterpreter
from edge.parallel import available_cores, ordered_map
from edge.preprocess import Pixels, decode
from trainer.backbones.backbone import Backbone
from trainer.bottlenecks.cache import BottleneckCache, retry_once
from trainer.bottlenecks.compute import COMMIT_EVERY_S, cache_key, load_features, vector_bytes
from trainer.bottlenecks.labelled import Labelled
from trainer.photos.augmentation import AUGMENTATION_VERSION, Strength
from trainer.photos.augmentation import augment as draw
from trainer.photos.dataset import Dataset, Photo
from trainer.photos.reading import read_photo
from trainer.photos.split import TRAINING
from trainer.progress import Progress

_CROP_ROOM = 2  # a photo is decoded at no less than twice the model's size, because a crop keeps but a part of it

STRENGTH = Strength(least_area=0.6, aspect=1.25, light=0.25, contrast=0.2, saturation=0.3, tint=0)
"""How far a kept variant may lie from its photo: less far than fine-tuning goes, because the network stays as it is."""


def variant_identity(sha256: bytes, number: int) -> bytes:
    """The identity (32 bytes) of variant ``number``, from 1 on, of the photo whose content hash is ``sha256``."""
    return hashlib.sha256(sha256 + f"augmentation {AUGMENTATION_VERSION} {number}".encode()).digest()


def make_variant(picture: Image.Image, sha256: bytes, number: int, size: tuple[int, int]) -> Pixels:
    """Variant ``number`` of the RGB ``picture`` with content hash ``sha256``, for a model of (width, height) ``size``.

    Returns uint8 (height, width, 3). Nothing but the arguments decides what is drawn.
    """
    seed = int.from_bytes(variant_identity(sha256, number), "big")
    return draw(picture, size, STRENGTH, np.random.default_rng(seed))


class _Work(NamedTuple):
    photo: Photo
    numbers: list[int]


def compute_variants(
    backbone: Backbone,
    photos: Sequence[Photo],
    count: int,
    cache: BottleneckCache,
    advance: Callable[[int], None] = lambda count: None,
    threads: int | None = None,
    runtime: str | None = None,
) -> int:
    """Make sure that ``cache`` has the bottlenecks of variants 1 to ``count`` of every one of ``photos``.

    Each photo is decoded once for all that it lacks, on ``threads`` workers (all cores by default), and what is
    done is written at least every half second. ``advance`` is called with the number of photos just finished.
    Returns how many bottlenecks were computed.

    Raises :class:`~edge.errors.DatasetError` where a photo is not what it was when it was hashed,
    :class:`~edge.errors.StorageError` and :class:`~trainer.bottlenecks.cache.CorruptCacheError`.
    """
    artifact = cache_key(backbone, runtime)
    known = cache.known_images(artifact, vector_bytes(backbone))
    work = []
    for photo in photos:
        missing = [n for n in range(1, count + 1) if variant_identity(photo.sha256, n) not in known]
        if missing:
            work.append(_Work(photo, missing))
    advance(len(photos) - len(work))

    pending: list[tuple[bytes, bytes]] = []
    stored: set[bytes] = set()
    committed = time.monotonic()
    for vectors in ordered_map(_worker_factory(backbone, runtime), work, threads or available_cores()):
        pending += vectors
        stored.update(identity for identity, _ in vectors)
        advance(1)
        if time.monotonic() - committed > COMMIT_EVERY_S:
            cache.store(artifact, pending, [])
            pending.clear()
            committed = time.monotonic()
    if stored:
        cache.store(artifact, pending, [])
        cache.check_holds(artifact, stored, vector_bytes(backbone))
    return len(stored)


def load_with_variants(
    backbone: Backbone,
    cache: BottleneckCache,
    photos: Sequence[Photo],
    originals: Labelled,
    count: int,
    runtime: str | None = None,
) -> Labelled:
    """``originals``, which are those of ``photos``, and behind them variant 1 of every photo, variant 2, and so on."""
    identities = [variant_identity(photo.sha256, n) for n in range(1, count + 1) for photo in photos]
    variants = load_features(backbone, cache, identities, runtime)
    return Labelled(np.concatenate([originals.features, variants]), np.tile(originals.labels, count + 1))


def augment(
    backbone: Backbone,
    dataset: Dataset,
    originals: Labelled,
    count: int,
    folder: Path,
    progress: Progress,
    runtime: str | None = None,
) -> Labelled:
    """The training photos of ``dataset`` with ``count`` variants of each, by way of the cache in ``folder``.

    ``originals`` are their own bottlenecks. A corrupt cache is set aside once.

    Raises the errors of :func:`compute_variants`.
    """
    if not count:
        return originals
    photos = dataset.of(TRAINING)

    def attempt() -> Labelled:
        with BottleneckCache(folder) as cache:
            with progress.stage(f"{count} variants of each photo", len(photos)) as advance:
                compute_variants(backbone, photos, count, cache, advance, runtime=runtime)
            return load_with_variants(backbone, cache, photos, originals, count, runtime)

    return retry_once(folder, progress.message, attempt)


def _worker_factory(
    backbone: Backbone, runtime: str | None
) -> Callable[[], Callable[[_Work], list[tuple[bytes, bytes]]]]:
    size = backbone.model.input_size
    room = (_CROP_ROOM * size[0], _CROP_ROOM * size[1])

    def make_worker() -> Callable[[_Work], list[tuple[bytes, bytes]]]:
        interpreter = ImageInterpreter(backbone.model, runtime=runtime)

        def compute(work: _Work) -> list[tuple[bytes, bytes]]:
            photo = work.photo
            try:
                content, _ = read_photo(photo.path)
                picture = decode(content, room)
            except ImageError as error:
                raise DatasetError(f"{photo.path}: {error}; it was readable before, run again") from None
            if hashlib.sha256(content).digest() != photo.sha256:
                raise DatasetError(f"{photo.path}: was changed while training; run again")
            return [
                (
                    variant_identity(photo.sha256, number),
                    interpreter.raw_outputs(make_variant(picture, photo.sha256, number, size)).tobytes(),
                )
                for number in work.numbers
            ]

        return compute

    return make_worker
