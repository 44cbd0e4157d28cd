"""Groups of photos that depend on each other: names, EXIF and bottlenecks name candidates, pixels decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.looks import load_looks
from trainer.groups.candidates import NearestFirst, Pair, by_exif, ordered
from trainer.groups.evidence import PixelComparison
from trainer.groups.links import Links
from trainer.groups.neighbours import nearest
from trainer.groups.series import series_neighbours
from trainer.one_thread import one_thread
from trainer.photos.dataset import Photo
from trainer.photos.grouping import Grouping, natural_order
from trainer.photos.look import Look
from trainer.photos.name_groups import same_by_name

LEAST_EVIDENCE = 20.0
"""Of the pixels alone, in nats. The pairs of flowers that are not of one scene stay below 10."""

_LEAST_IN_SERIES = 15.0  # if the names follow each other
_LEAST_IN_BURST = 10.0  # if one camera took both within seconds

_NEIGHBOURS = 24


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
    the looks of the photos at ``relatives``. The order of the photos changes nothing.
    """
    if len(relatives) < 2:
        return {relative: relative for relative in relatives}
    order = sorted(range(len(relatives)), key=lambda index: natural_order(relatives[index]))
    with one_thread():
        return _find([relatives[i] for i in order], features[order], [looks[i] for i in order])


def _find(relatives: list[str], features: npt.NDArray[np.float32], looks: list[Look]) -> dict[str, str]:
    named = [ordered(one, other) for one, other in same_by_name(relatives)]
    least = dict.fromkeys(series_neighbours(relatives), _LEAST_IN_SERIES)
    least.update(dict.fromkeys(by_exif(looks), _LEAST_IN_BURST))
    pixels = PixelComparison(np.stack([look.pixels for look in looks]))
    compared: dict[Pair, float] = {}
    evidence: dict[Pair, float] = {}

    def compare(pairs: Iterable[Pair]) -> None:
        chosen = sorted({*pairs} - compared.keys())
        compared.update(zip(chosen, map(float, pixels.evidence(chosen)), strict=True))
        evidence.update((pair, compared[pair]) for pair in chosen if compared[pair] >= least.get(pair, LEAST_EVIDENCE))

    nearest_first = NearestFirst(nearest(features, _NEIGHBOURS))
    groups = _joined(relatives, named)
    pairs = {pair for pair in least if groups.first(pair[0]) != groups.first(pair[1])}
    while True:
        pairs |= nearest_first.offer([groups.first(photo) for photo in range(len(relatives))])
        if not pairs:
            break
        compare(pairs)
        groups, pairs = _joined(relatives, named, evidence), set()
    compare(Links(evidence, named).missing())
    return _joined(relatives, named, Links(evidence, named).accepted()).named()


def _joined(relatives: list[str], *links: Iterable[Pair]) -> Grouping:
    groups = Grouping(relatives)
    for pairs in links:
        for one, other in pairs:
            groups.join(one, other)
    return groups
