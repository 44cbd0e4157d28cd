"""Groups of photos that depend on each other: names, EXIF and bottlenecks name candidates, pixels decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.looks import load_looks
from trainer.groups.neighbours import nearest
from trainer.photos.dataset import Photo
from trainer.photos.grouping import Grouping
from trainer.photos.look import Look
from trainer.photos.name_groups import same_by_name

_NEIGHBOURS = 8


def groups_of_photos(extractor: FeatureExtractor, photos: Sequence[Photo]) -> dict[str, str]:
    """The group of each of ``photos``, by relative path; their bottlenecks are in the cache of ``extractor``.

    See :func:`find_groups`. Raises the errors of :func:`~trainer.bottlenecks.looks.load_looks`.
    """
    looks = load_looks(extractor.bottleneck_dir, photos, extractor.progress)
    features = extractor.load([photo.sha256 for photo in photos])
    with extractor.progress.stage("groups"):
        return find_groups([photo.relative for photo in photos], features, looks)


def find_groups(relatives: Sequence[str], features: npt.NDArray[np.float32], looks: Sequence[Look]) -> dict[str, str]:
    """The group of each photo, by relative path: the first photo of its group in natural order.

    A photo that depends on no other one has its own path. ``features`` (photos, values) are the bottlenecks, ``looks``
    the looks of the photos at ``relatives``.
    """
    groups = Grouping(relatives)
    for one, other in [*same_by_name(relatives), *_same_by_pixels(features, looks)]:
        groups.join(one, other)
    return groups.named()


def _same_by_pixels(features: npt.NDArray[np.float32], looks: Sequence[Look]) -> list[tuple[int, int]]:
    neighbours = nearest(features, _NEIGHBOURS)
    pairs = {
        (min(i, j), max(i, j))
        for i, row in enumerate(neighbours.indices)
        for j, cosine in zip(row, neighbours.cosines[i], strict=True)
        if cosine > 0.8
    }
    pixels = np.stack([look.pixels for look in looks]).astype(np.float32)
    pixels -= pixels.mean(axis=(1, 2), keepdims=True)
    pixels /= np.maximum(np.sqrt((pixels**2).sum(axis=(1, 2), keepdims=True)), 64 * 4.0)
    return [
        (int(i), int(j))
        for i, j in sorted(pairs)
        if max((pixels[i] * pixels[j]).sum(), (pixels[i] * pixels[j, :, ::-1]).sum()) > 0.95
    ]
