"""Groups of photos that depend on each other: names, EXIF and bottlenecks name candidates, pixels decide."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edge.preprocess import PREPROCESSING_VERSION
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.looks import load_looks, store_looks
from trainer.bottlenecks.stored import store_features
from trainer.groups.candidates import NearestFirst, by_exif
from trainer.groups.evidence import PixelComparison
from trainer.groups.find_among_many import find_groups_among_many
from trainer.groups.links import Links
from trainer.groups.look_features import pixel_features
from trainer.groups.modes import GROUPS_BY_NAME, GROUPS_OFF
from trainer.groups.neighbours import nearest
from trainer.groups.pairs import Pair, ordered
from trainer.groups.rules import (
    LEAST_COSINE,
    LEAST_EVIDENCE,
    LEAST_IN_BURST,
    LEAST_IN_SERIES,
    LEAST_LOOK_COSINE,
    TRIES,
)
from trainer.groups.series import series_neighbours
from trainer.one_thread import one_thread
from trainer.photos.dataset import Photo
from trainer.photos.grouping import Grouping, natural_order
from trainer.photos.look import LOOK_VERSION, Look
from trainer.photos.name_groups import name_groups, same_by_name

GROUPS_VERSION = 2
"""Changes with every change of what is a group; groups in the cache are valid for one version only."""

Compared = dict[frozenset[bytes], float]
"""The evidence of the pixels of two looks, in nats, by the sha256 of the pixels of both."""

_NEIGHBOURS = 24  # of each photo, with those that are in its group already

MOST_COMPARED = 20_000
"""The neighbours of more photos are searched in cells; up to so many, each photo is compared with all others."""


def groups_by_mode(extractor: FeatureExtractor, photos: Sequence[Photo], mode: str) -> Mapping[str, str]:
    """The group of each of ``photos``, by relative path, found as ``mode``, one of the modes of groups, says.

    Raises the errors of :func:`groups_of_photos`.
    """
    relatives = [photo.relative for photo in photos]
    if mode == GROUPS_OFF:
        return {relative: relative for relative in relatives}
    if mode == GROUPS_BY_NAME:
        return name_groups(relatives)
    return groups_of_photos(extractor, photos)


def groups_of_photos(extractor: FeatureExtractor, photos: Sequence[Photo]) -> dict[str, str]:
    """The group of each of ``photos``, by relative path; their bottlenecks are in the cache of ``extractor``.

    See :func:`find_groups`. The groups are kept in the cache too. Raises the errors of
    :func:`~trainer.bottlenecks.looks.load_looks`.
    """
    relatives = [photo.relative for photo in photos]
    key = _key(extractor, photos)
    with BottleneckCache(extractor.bottleneck_dir) as cache:
        known = cache.load_groups(key)
    if known is not None:
        return {relative: relatives[first] for relative, first in zip(relatives, _unpack(known), strict=True)}
    if len(photos) > MOST_COMPARED:
        groups = _among_many(extractor, photos, relatives)
    else:
        looks = load_looks(extractor.bottleneck_dir, photos, extractor.progress)
        features = extractor.load([photo.sha256 for photo in photos])
        with extractor.progress.stage("groups"):
            groups = find_groups(relatives, features, looks)
    place = {relative: index for index, relative in enumerate(relatives)}
    with BottleneckCache(extractor.bottleneck_dir) as cache:
        cache.store_groups(key, _pack([place[groups[relative]] for relative in relatives]))
    return groups


def _among_many(extractor: FeatureExtractor, photos: Sequence[Photo], relatives: list[str]) -> dict[str, str]:
    images = [photo.sha256 for photo in photos]
    stored = store_looks(extractor.bottleneck_dir, photos, extractor.progress)
    with extractor.progress.stage("groups"):
        return find_groups_among_many(relatives, store_features(extractor, images).read, stored.rest, stored.pixels)


def find_groups(
    relatives: Sequence[str],
    features: npt.NDArray[np.float32],
    looks: Sequence[Look],
    compared: Compared | None = None,
) -> dict[str, str]:
    """The group of each photo, by relative path: the first photo of its group in natural order.

    A photo that depends on no other one has its own path. ``features`` (photos, values) are the bottlenecks, ``looks``
    the looks of the photos at ``relatives``. The order of the photos changes nothing. ``compared`` is what an earlier
    call has compared, and gets what this one compares: so a few photos more cost little.
    """
    if len(relatives) < 2:
        return {relative: relative for relative in relatives}
    order = sorted(range(len(relatives)), key=lambda index: natural_order(relatives[index]))
    with one_thread():
        known = {} if compared is None else compared
        return _find([relatives[i] for i in order], features[order], [looks[i] for i in order], known)


def _find(
    relatives: list[str], features: npt.NDArray[np.float32], looks: list[Look], known: Compared
) -> dict[str, str]:
    named = [ordered(one, other) for one, other in same_by_name(relatives)]
    least = dict.fromkeys(series_neighbours(relatives), LEAST_IN_SERIES)
    least.update(dict.fromkeys(by_exif(looks), LEAST_IN_BURST))
    pixels = PixelComparison(np.stack([look.pixels for look in looks]))
    digests = [hashlib.sha256(look.pixels.tobytes()).digest() for look in looks]
    compared: dict[Pair, float] = {}
    evidence: dict[Pair, float] = {}

    def compare(pairs: Iterable[Pair]) -> None:
        chosen = sorted({*pairs} - compared.keys())
        keys = {pair: frozenset(digests[look] for look in pair) for pair in chosen}
        missing = [pair for pair in chosen if keys[pair] not in known]
        known.update(zip((keys[pair] for pair in missing), map(float, pixels.evidence(missing)), strict=True))
        compared.update((pair, known[keys[pair]]) for pair in chosen)
        evidence.update((pair, compared[pair]) for pair in chosen if compared[pair] >= least.get(pair, LEAST_EVIDENCE))

    sources = [
        NearestFirst(nearest(features, _NEIGHBOURS), LEAST_COSINE, TRIES),
        NearestFirst(nearest(pixel_features(pixels.pixels), _NEIGHBOURS), LEAST_LOOK_COSINE, 1),
    ]
    groups = Grouping.joined(relatives, named)
    pairs = {pair for pair in least if groups.first(pair[0]) != groups.first(pair[1])}
    while True:
        numbers = [groups.first(photo) for photo in range(len(relatives))]
        pairs |= {pair for source in sources for pair in source.offer(numbers)}
        if not pairs:
            break
        compare(pairs)
        groups, pairs = Grouping.joined(relatives, named, evidence), set()
    compare(Links(evidence, named).missing())
    return Grouping.joined(relatives, named, Links(evidence, named).accepted()).named()


def _key(extractor: FeatureExtractor, photos: Sequence[Photo]) -> bytes:
    """What the groups depend on: how they are found, the bottlenecks, and names and contents of the photos."""
    versions = f"groups {GROUPS_VERSION} looks {LOOK_VERSION} preprocessing {PREPROCESSING_VERSION}"
    digest = hashlib.sha256(versions.encode() + extractor.key)
    for photo in photos:
        digest.update(photo.sha256 + hashlib.sha256(photo.relative.encode("utf-8", "surrogatepass")).digest())
    return digest.digest()


def _pack(numbers: Sequence[int]) -> bytes:
    return np.asarray(numbers, "<i4").tobytes()


def _unpack(packed: bytes) -> list[int]:
    return [int(number) for number in np.frombuffer(packed, "<i4")]
