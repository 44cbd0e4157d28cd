"""The looks of photos: from the cache, or made on all cores if the cache does not have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.parallel import available_cores, ordered_map
from trainer.bottlenecks.cache import BottleneckCache, retry_once
from trainer.bottlenecks.digests import Digests
from trainer.bottlenecks.fill_cache import Rows, fill
from trainer.bottlenecks.stored_looks import StoredLooks, copy_looks
from trainer.photos.dataset import Photo
from trainer.photos.look import LOOK_SIZE, Look, make_look
from trainer.photos.reading import decode_again
from trainer.progress import SILENT, Progress


def load_looks(bottleneck_dir: Path, photos: Sequence[Photo], progress: Progress = SILENT) -> list[Look]:
    """The look of each of ``photos``, in their order, from the cache in ``bottleneck_dir``.

    Computing bottlenecks has cached them. Those that are missing all the same are made on all cores and cached: the
    cache may be of an earlier release. A corrupt cache is renamed, with a message.

    Raises :class:`~edge.errors.DatasetError` if a photo is not what it was when it was hashed, and
    :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    return retry_once(bottleneck_dir, progress.message, lambda: _load(bottleneck_dir, photos, progress))


def store_looks(bottleneck_dir: Path, photos: Sequence[Photo], progress: Progress = SILENT) -> StoredLooks:
    """The looks of ``photos`` that do not fit into memory: as :func:`load_looks`, with their pixels in a file.

    Raises the errors of :func:`load_looks`.
    """

    def store() -> StoredLooks:
        with BottleneckCache(bottleneck_dir) as cache:
            images = [photo.sha256 for photo in photos]
            known = Digests(image for image, _ in cache.intact_looks()).contains(images)
            missing = [photo for photo, found in zip(photos, known, strict=True) if not found]
            fill(cache, _made(missing, progress), lambda count: None)
            return copy_looks(cache, bottleneck_dir, images)

    return retry_once(bottleneck_dir, progress.message, store)


def _load(bottleneck_dir: Path, photos: Sequence[Photo], progress: Progress) -> list[Look]:
    with BottleneckCache(bottleneck_dir) as cache:
        looks = cache.load_looks(photo.sha256 for photo in photos)
        missing = [photo for photo in photos if photo.sha256 not in looks]

        def noted() -> Iterator[Rows]:
            for rows in _made(missing, progress):
                looks.update(rows.looks)
                yield rows

        fill(cache, noted(), lambda count: None)
    return [Look.from_bytes(looks[photo.sha256]) for photo in photos]


def _made(missing: Sequence[Photo], progress: Progress) -> Iterator[Rows]:
    """The looks of photos whose looks are ``missing``, made on all cores."""
    if not missing:
        return
    with progress.stage("looks of the photos", len(missing)) as advance:
        made = ordered_map(lambda: _make, missing, available_cores())
        for photo, look in zip(missing, made, strict=True):
            yield Rows([], [], [(photo.sha256, look)])
            advance(1)


def _make(photo: Photo) -> bytes:
    return make_look(decode_again(photo.path, photo.sha256, (LOOK_SIZE, LOOK_SIZE))).to_bytes()
