"""Groups of more photos than can be compared each with each: what :mod:`trainer.groups.find_groups` does, in parts.

Neighbours are searched in cells, bottlenecks and pixels are read from files, and pairs are numbers in arrays. So time
and memory grow as the number of photos does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from edge.modelfile.structure import TensorSpec
from trainer.bottlenecks.nameless_file import NamelessFile
from trainer.bottlenecks.stored import StoredFeatures
from trainer.groups.candidates import by_exif
from trainer.groups.cells import Read, nearest_in_cells
from trainer.groups.evidence import PixelComparison
from trainer.groups.frames import without_frames
from trainer.groups.look_features import VALUES, pixel_features
from trainer.groups.many_links import ManyLinks
from trainer.groups.offers import Codes, Offers, as_codes, as_pairs, each_pair, holds
from trainer.groups.pairs import ordered
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
from trainer.photos.grouping import Grouping, natural_order
from trainer.photos.look import Look
from trainer.photos.name_groups import same_by_name

NEIGHBOURS = 12
"""Of each photo, with those that are in its group already; half as many as where all are compared."""

_TOGETHER = 8_000  # pairs whose pixels are compared in one go: 100 MB
_BLOCK = 4096  # looks that are read in one go

Pixels = Callable[[npt.NDArray[np.intp]], npt.NDArray[np.uint8]]
"""Reads the pixels of looks, given by the places of their photos: (photos, 64, 64)."""


def find_groups_among_many(
    relatives: Sequence[str], features: Read, looks: Sequence[Look], pixels: Pixels
) -> dict[str, str]:
    """The group of each photo, by relative path: see :func:`~trainer.groups.find_groups.find_groups`.

    ``features`` reads the bottlenecks of the photos, ``looks`` are their looks without ``pixels``. Most of what
    comparing all with all finds is found: docs/adr/0030 has the share.
    """
    order = np.array(sorted(range(len(relatives)), key=lambda index: natural_order(relatives[index])), np.intp)
    with one_thread():
        search = _Search(
            [relatives[index] for index in order],
            lambda rows: features(order[rows]),
            [looks[index] for index in order],
            lambda rows: pixels(order[rows]),
        )
        return search.groups()


def stored_brightness(photos: int, pixels: Pixels) -> Read:
    """Reads the values of :mod:`~trainer.groups.look_features` of ``photos`` photos, from a file, again and again."""
    file = NamelessFile()
    for start in range(0, photos, _BLOCK):
        values = pixel_features(pixels(np.arange(start, min(start + _BLOCK, photos))))
        file.write(values.tobytes(), start * VALUES * values.itemsize)
    return StoredFeatures(file, VALUES, TensorSpec("looks", (1, VALUES), np.dtype(np.float32), 0.0, 0)).read


class _Search:
    """The photos in natural order, and what has been compared of them."""

    def __init__(
        self,
        relatives: list[str],
        features: Read,
        looks: list[Look],
        pixels: Pixels,
    ) -> None:
        self._relatives, self._pixels, photos = relatives, pixels, len(relatives)
        self._named = as_codes((ordered(one, other) for one, other in same_by_name(relatives)), photos)
        self._series = as_codes(series_neighbours(relatives), photos)
        self._bursts = as_codes(by_exif(looks), photos)
        self._compared: Codes = np.zeros(0, np.int64)
        self._linked: Codes = np.zeros(0, np.int64)  # those of them with enough evidence, and that
        self._evidence: npt.NDArray[np.float64] = np.zeros(0)
        self._sources = [
            Offers(nearest_in_cells(features, photos, NEIGHBOURS), LEAST_COSINE, TRIES),
            Offers(nearest_in_cells(self._unframed(), photos, NEIGHBOURS), LEAST_LOOK_COSINE, 1),
        ]

    def groups(self) -> dict[str, str]:
        """The group of each photo, by relative path."""
        photos = len(self._relatives)
        grouping = Grouping.joined(self._relatives, each_pair(self._named, photos))
        numbers = self._numbers(grouping)
        codes = np.union1d(self._series, self._bursts)
        one, other = as_pairs(codes, photos).T
        codes = codes[numbers[one] != numbers[other]]
        while True:
            codes = np.union1d(codes, np.concatenate([source.offer(numbers) for source in self._sources]))
            if not len(codes):
                break
            for pair in each_pair(self._compare(codes), photos):
                grouping.join(*pair)
            numbers = self._numbers(grouping)
            codes = np.zeros(0, np.int64)
        self._compare(ManyLinks(self._linked, self._evidence, self._named, photos).missing())
        accepted = ManyLinks(self._linked, self._evidence, self._named, photos).accepted()
        return Grouping.joined(self._relatives, each_pair(self._named, photos), each_pair(accepted, photos)).named()

    def _compare(self, codes: Codes) -> Codes:
        """Compare the pixels of those of ``codes`` that were not compared before; returns those that are linked."""
        photos = len(self._relatives)
        codes = codes[~holds(self._compared, codes)]
        linked, evidence = [np.zeros(0, np.int64)], [np.zeros(0)]
        for start in range(0, len(codes), _TOGETHER):
            some = codes[start : start + _TOGETHER]
            pairs = as_pairs(some, photos)
            looks, places = np.unique(pairs, return_inverse=True)
            found = PixelComparison(self._pixels(looks)).evidence(places.reshape(pairs.shape).tolist())
            least = np.full(len(some), LEAST_EVIDENCE)
            least[holds(self._series, some)] = LEAST_IN_SERIES
            least[holds(self._bursts, some)] = LEAST_IN_BURST
            linked.append(some[found >= least])
            evidence.append(found[found >= least].astype(np.float64))
        new = np.concatenate(linked)
        self._compared = np.union1d(self._compared, codes)
        both, nats = np.append(self._linked, new), np.concatenate([self._evidence, *evidence])
        order = np.argsort(both)
        self._linked, self._evidence = both[order], nats[order]
        return new

    def _unframed(self) -> Read:
        return stored_brightness(len(self._relatives), lambda rows: without_frames(self._pixels(rows)))

    def _numbers(self, grouping: Grouping) -> npt.NDArray[np.intp]:
        return np.fromiter(map(grouping.first, range(len(self._relatives))), np.intp, len(self._relatives))
