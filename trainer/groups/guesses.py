"""Guesses how one look of a pair may lie over the other: by the spectra, and straight over it. Most pairs get none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.parallel import available_cores, ordered_map
from trainer.groups.alignment import Floats, details
from trainer.groups.spectra import Spectra, compare_spectra, make_spectra

_LEAST_ALIKE = 0.52  # of the spectra: four of five pairs of nearest neighbours that are not copies stay below
_LEAST_OVER = 0.45  # of looks laid straight over each other; 98 of 100 such pairs stay below
_ENOUGH_OVER = 0.8  # then the spectra are not needed
_SMALL, _WINDOW = 16, 5  # pixels
_STRAIGHT = np.array([[[1, 0], [0, 1]], [[-1, 0], [0, 1]]], np.float32)  # the maps of looks as they are, and mirrored
_TOGETHER = 256  # looks or pairs that are compared in one go


class Guesses(NamedTuple):
    """``pairs`` (guesses,) are indices of pairs, ``maps`` (guesses, 2, 2) the guesses for them, without a shift.

    A map takes a place in the first look, seen from its centre, to the place in the second one.
    """

    pairs: npt.NDArray[np.intp]
    maps: Floats


class Guesser:
    """Guesses for pairs of the looks ``pixels`` (looks, 64, 64), uint8. It keeps 2.3 kB for each look in a pair."""

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Compute nothing yet: what is compared of a look is computed when it is first in a pair."""
        self._pixels = pixels
        self._place = np.full(len(pixels), -1, np.intp)  # of each look in the arrays below
        self._spectra: Spectra | None = None
        self._small = np.empty((0, _SMALL, _SMALL), np.float32)

    def guess(self, pairs: npt.NDArray[np.intp]) -> Guesses:
        """Guesses for the ``pairs`` (pairs, 2), by index, that may show one picture."""
        self._prepare(pairs)
        pairs = self._place[pairs]
        starts = range(0, len(pairs), _TOGETHER)

        def guess(start: int) -> Guesses:
            return self._guess(pairs[start : start + _TOGETHER], start)

        parts = list(ordered_map(lambda: guess, starts, available_cores()))
        return Guesses(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _prepare(self, pairs: npt.NDArray[np.intp]) -> None:
        """Compute what is compared of the looks in ``pairs``, if it is not known."""
        looks = np.unique(pairs)
        missing = looks[self._place[looks] < 0]
        blocks = [self._pixels[missing[start : start + _TOGETHER]] for start in range(0, len(missing), _TOGETHER)]
        if not blocks:
            return
        made = list(ordered_map(lambda: _prepared, blocks, available_cores()))
        spectra = [*([self._spectra] if self._spectra else []), *(spectra for spectra, _ in made)]
        self._place[missing] = len(self._small) + np.arange(len(missing))
        self._spectra = Spectra(*(np.concatenate(parts) for parts in zip(*spectra, strict=True)))
        self._small = np.concatenate([self._small, *(small for _, small in made)])

    def _guess(self, pairs: npt.NDArray[np.intp], start: int) -> Guesses:
        spectra = self._spectra
        assert spectra is not None
        one, other = self._small[pairs[:, 0]], self._small[pairs[:, 1]]
        straight = [np.einsum("pij,pij->p", one, laid) for laid in (other, other[:, :, ::-1])]
        over = np.stack(straight, axis=1)
        alike, mirrored = np.nonzero(over > _LEAST_OVER)
        (rest,) = np.nonzero(over.max(axis=1) < _ENOUGH_OVER)
        guess = compare_spectra(*(spectra.of(looks) for looks in pairs[rest].T))
        turned, flipped = np.nonzero(guess.scores > _LEAST_ALIKE)
        return Guesses(
            start + np.concatenate([alike, rest[turned]]),
            np.concatenate([_STRAIGHT[mirrored], guess.maps[turned, flipped]]),
        )


def _prepared(block: npt.NDArray[np.uint8]) -> tuple[Spectra, Floats]:
    """What is compared of a ``block`` of looks (looks, 64, 64)."""
    return make_spectra(block), _unit(details(block, _SMALL, _WINDOW))


def _unit(looks: Floats) -> Floats:
    """Looks with a sum of squares of 1; a flat one has 0."""
    norm = np.sqrt(np.einsum("lij,lij->l", looks, looks))
    return np.asarray(looks / np.maximum(norm, 1e-3)[:, None, None], np.float32)
