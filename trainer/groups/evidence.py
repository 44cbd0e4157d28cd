"""The evidence of the pixels that two looks show the same picture, from a quick comparison to the details."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge.parallel import available_cores, ordered_map
from trainer.groups.alignment import Floats, Warped, agreement, best_shift, details, refine, warp
from trainer.groups.frames import without_frames
from trainer.groups.guesses import Guesser
from trainer.groups.pairs import Pair
from trainer.photos.look import LOOK_SIZE

_COARSE, _COARSE_WINDOW = 32, 9  # pixels
# Of the guesses for neighbours among 900 flower photos that are no copies, 60 % end at the first bound, 69 % up to the
# second one, 77 % up to the third. Of copies that are mirrored and turned by 15 degrees it is 1 %, of others less.
_STAGES = ((0.27, 3), (0.42, 5))  # the least agreement of the coarse details, and how many steps follow
_LEAST_AGREEMENT = 0.5  # after all steps
_FINE_WINDOW, _FINE_STEPS = 9, 4
_TOGETHER = 32  # guesses that are compared in one go: few enough that their pixels stay in the processor's cache

_BLOCK = 8  # pixels; a look has 64 blocks
_WHOLE_BLOCK = 0.6  # the least part of a block that lies inside both looks
_TEXTURE = 0.1  # variance of the details; a block with less is flat and is no evidence
_AGREEING = 0.5  # the least correlation of a block whose brightness is compared
_MOST = 0.7  # the share of these blocks that must fit
_LARGEST_MISFIT = 0.12  # in standard deviations of the brightness; what it separates is in docs/adr/0015
_OUTLIER, _FAR = 2.5, 1e6  # times the median; farther than any block
_LEAST_CONTRAST = 5  # grey levels, between blocks
_CLEAREST = 0.98  # the largest correlation of a block that counts: beyond it, noise decides


class PixelComparison:
    """Compares the looks ``pixels`` (looks, 64, 64), uint8, two at a time; its ``pixels`` are those without frames."""

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Prepare the quick comparison of all looks."""
        self.pixels = without_frames(pixels)
        self._guesser = Guesser(self.pixels)
        self._order = np.array([zlib.crc32(look.tobytes()) for look in pixels], np.int64)

    def evidence(self, pairs: Sequence[Pair]) -> Floats:
        """The evidence, in nats, that the looks of each pair show one picture: (pairs,).

        The second look of a pair may be mirrored, turned by up to 15 degrees, cropped, shifted, and have other light.
        It is 0 if they differ at first sight. The result is the same on any number of cores.
        """
        evidence = np.zeros(len(pairs), np.float32)
        if not len(pairs):
            return evidence
        chosen = np.array(pairs, np.intp)
        # The second look is laid over the first. Which one that is depends on the pixels, not on names or numbers.
        turn = self._order[chosen[:, 0]] > self._order[chosen[:, 1]]
        chosen[turn] = chosen[turn, ::-1]
        guesses = self._guesser.guess(chosen)
        starts = range(0, len(guesses.pairs), _TOGETHER)

        def weigh(start: int) -> Floats:
            some = slice(start, start + _TOGETHER)
            first, second = chosen[guesses.pairs[some]].T
            return _weigh(self.pixels[first], self.pixels[second], guesses.maps[some])

        for start, found in zip(starts, ordered_map(lambda: weigh, starts, available_cores()), strict=True):
            np.maximum.at(evidence, guesses.pairs[start : start + _TOGETHER], found)
        return evidence


def _weigh(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], maps: Floats) -> Floats:
    """The evidence for each guess, (guesses,), from the looks and a map without a shift (guesses, 2, 2)."""
    evidence = np.zeros(len(maps), np.float32)
    coarse = details(first, _COARSE, _COARSE_WINDOW), details(second, _COARSE, _COARSE_WINDOW)
    shifted, agreed = best_shift(*coarse, maps)
    left = np.arange(len(maps))
    for least, steps in _STAGES:
        left, shifted = left[agreed > least], shifted[agreed > least]
        if not len(left):
            return evidence
        ours, theirs = (part[left] for part in coarse)
        shifted = refine(ours, theirs, shifted, steps)
        agreed = agreement(ours, theirs, shifted)
    left, shifted = left[agreed > _LEAST_AGREEMENT], shifted[agreed > _LEAST_AGREEMENT]
    if not len(left):
        return evidence
    fine, other_fine = (details(part[left], LOOK_SIZE, _FINE_WINDOW) for part in (first, second))
    shifted = refine(fine, other_fine, shifted, _FINE_STEPS)
    grey, other_grey = (part[left].astype(np.float32) for part in (first, second))
    evidence[left] = block_evidence(grey, fine, warp(other_grey, shifted), warp(other_fine, shifted))
    return evidence


def block_evidence(grey: Floats, fine: Floats, other_grey: Warped, other_fine: Warped) -> Floats:
    """The evidence of aligned looks, in nats: (pairs,), from grey levels and details (pairs, 64, 64) of both.

    Each block of 8 x 8 pixels with texture in both looks and a correlation c of the details counts -log(1 - c^2) / 2:
    what one of two normal variables tells about the other one. It counts against if c is negative. The evidence is 0 if
    the light differs from block to block: two things of one design have the same details, but each shot its own light.
    """
    share = _means(other_fine.inside)
    enough = share > _WHOLE_BLOCK
    share = np.maximum(share, 1e-6)
    fine = fine * other_fine.inside
    mean, other_mean = _means(fine) / share, _means(other_fine.details) / share
    variance = _means(fine * fine) / share - mean**2
    other_variance = _means(other_fine.details * other_fine.details) / share - other_mean**2
    covariance = _means(fine * other_fine.details) / share - mean * other_mean
    textured = enough & (np.minimum(variance, other_variance) > _TEXTURE)
    correlation = covariance / np.sqrt(np.maximum(variance, _TEXTURE) * np.maximum(other_variance, _TEXTURE))
    correlation = np.clip(correlation, -_CLEAREST, _CLEAREST)
    nats = -0.5 * np.log1p(-(correlation**2)) * np.sign(correlation)
    light = _means(grey * other_fine.inside) / share, _means(other_grey.details) / share
    same = _same_light(*light, textured & (correlation > _AGREEING))
    return np.where(same, (nats * textured).sum(axis=1), 0).astype(np.float32)


def _same_light(first: Floats, second: Floats, used: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether one smooth tone curve takes the brightness of one look's blocks to that of the other's, (pairs,).

    It may lead from the first to the second or the other way: clipped highlights have a curve in one direction only.
    ``first`` and ``second`` (pairs, blocks) are grey levels; blocks count if ``used``.
    """
    return np.asarray(np.minimum(_misfit(first, second, used), _misfit(second, first, used)) < _LARGEST_MISFIT)


def _misfit(first: Floats, second: Floats, used: npt.NDArray[np.bool_]) -> Floats:
    """How far :data:`_MOST` of the blocks lie at most from a parabola, in standard deviations of ``second``: (pairs,).

    The parabola is fitted three times. Blocks far from it, which a text or a flash changed, do not count the next time.
    """
    rows, count = np.arange(len(used)), np.maximum(used.sum(axis=1), 1)
    first, second = _standardised(first, used), _standardised(second, used)
    powers = np.stack([np.ones_like(first), first, first**2], axis=1)
    kept = used
    for _ in range(3):
        weighted = powers * kept[:, None]
        normal = weighted @ powers.transpose(0, 2, 1) + 1e-3 * np.eye(3, dtype=np.float32)
        curve = np.linalg.solve(normal, weighted @ second[:, :, None])
        away = np.where(used, np.abs(second - (curve.transpose(0, 2, 1) @ powers)[:, 0]), _FAR)
        ordered = np.sort(away, axis=1)
        kept = used & (away <= _OUTLIER * ordered[rows, count // 2][:, None] + 1e-3)
    return np.asarray(ordered[rows, (_MOST * count).astype(np.intp)], np.float32)


def _standardised(values: Floats, used: npt.NDArray[np.bool_]) -> Floats:
    """``values`` (pairs, blocks) with mean 0 and deviation 1 where ``used``; small contrasts are not enlarged to 1."""
    weight = used / np.maximum(used.sum(axis=1, keepdims=True), 1)
    centred = values - (weight * values).sum(axis=1, keepdims=True)
    deviation = np.sqrt((weight * centred**2).sum(axis=1, keepdims=True))
    return np.asarray(centred / np.maximum(deviation, _LEAST_CONTRAST), np.float32)


def _means(values: Floats) -> Floats:
    """The mean of each block, (pairs, 64)."""
    across = np.repeat(np.eye(LOOK_SIZE // _BLOCK, dtype=np.float32) / _BLOCK, _BLOCK, axis=1)
    means: Floats = across @ values @ across.T
    return means.reshape(len(values), -1)
