"""Copies of photos of the classes among those of other things: smaller, mirrored, cropped, or saved again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.looks import load_looks
from trainer.groups.evidence import PixelComparison
from trainer.groups.find_groups import MOST_COMPARED
from trainer.groups.neighbours import largest, units
from trainer.groups.rules import LEAST_COSINE, LEAST_EVIDENCE
from trainer.one_thread import one_thread
from trainer.photos.dataset import Photo

_NEAREST = 3  # photos of the classes that each other photo is compared with
_BLOCK = 256  # photos


def find_copies(
    extractor: FeatureExtractor, photos: Sequence[Photo], features: npt.NDArray[np.float32], known: Sequence[Photo]
) -> dict[bytes, Photo]:
    """The one of the ``known`` photos that each of ``photos`` shows too, by sha256 of the latter; few have one.

    ``features`` (photos, values) are the bottlenecks of ``photos``. Each is compared with its three nearest known
    photos, pixel by pixel, as groups are found. Of more than 20,000 known photos so many are asked, spread evenly.

    Raises the errors of :func:`~trainer.bottlenecks.looks.load_looks`.
    """
    count = min(len(known), MOST_COMPARED)
    if not count or not photos:
        return {}
    known = [known[place * len(known) // count] for place in range(count)]
    others = units(extractor.load([photo.sha256 for photo in known]))
    pairs: list[tuple[int, int]] = []
    with one_thread():  # one order of addition on any number of cores
        for start in range(0, len(photos), _BLOCK):
            cosines = units(features[start : start + _BLOCK]) @ others.T
            places, near = largest(cosines, min(_NEAREST, count))
            rows, columns = np.nonzero(near >= LEAST_COSINE)
            pairs += zip((start + rows).tolist(), places[rows, columns].tolist(), strict=True)
    if not pairs:
        return {}
    strange, asked = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
    compared = [*(photos[place] for place in strange), *(known[place] for place in asked)]
    looks = load_looks(extractor.bottleneck_dir, compared, extractor.progress)
    first = {place: row for row, place in enumerate(strange)}
    second = {place: len(strange) + row for row, place in enumerate(asked)}
    numbered = [(first[photo], second[other]) for photo, other in pairs]
    evidence = PixelComparison(np.stack([look.pixels for look in looks])).evidence(numbered)
    found: dict[bytes, Photo] = {}
    for (photo, other), nats in zip(pairs, evidence.tolist(), strict=True):
        if nats >= LEAST_EVIDENCE:
            found.setdefault(photos[photo].sha256, known[other])
    return found
