"""The evidence of the pixels that two looks show the same picture, from a quick comparison to the details."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.parallel import available_cores, ordered_map
from trainer.groups.alignment import Floats, Warped, agreement, best_shift, details, refine, warp
from trainer.groups.spectra import Spectra, compare_spectra, make_spectra
from trainer.photos.look import LOOK_SIZE

Pair = tuple[int, int]

_LEAST_ALIKE = 0.53  # of the spectra: four of five pairs of nearest neighbours that are not copies stay below
_LEAST_AGREEMENT = 0.3  # of the coarse details, once they are aligned
_LEAST_FIRST_AGREEMENT = 0.15  # the same after the first steps
_COARSE, _COARSE_WINDOW = 32, 9  # pixels
_FIRST_STEPS, _COARSE_STEPS = 3, 5
_FINE_WINDOW, _FINE_STEPS = 9, 4
_TOGETHER = 32  # pairs that are compared in one go: few enough that their pixels stay in the processor's cache

_BLOCK = 8  # pixels; a look has 64 blocks
_WHOLE_BLOCK = 0.6  # the least part of a block that lies inside both looks
_TEXTURE = 0.1  # variance of the details; a block with less is flat and is no evidence
_AGREEING = 0.5  # the least correlation of a block whose brightness is compared
_MOST, _LARGEST_MISFIT = (
    0.7,
    0.15,
)  # share of these blocks, and how far in standard deviations they may lie off the line
_OUTLIER = 2.5  # times the median
_CLEAREST = 0.98  # the largest correlation of a block that counts: beyond it, noise decides


class _Prepared(NamedTuple):
    """Looks (looks, 64, 64) as grey levels, and their details at 32 and at 64 pixels."""

    grey: Floats
    coarse: Floats
    fine: Floats

    def of(self, looks: npt.NDArray[np.intp]) -> _Prepared:
        """Some of the looks, by index."""
        return _Prepared(*(part[looks] for part in self))


def pixel_evidence(pixels: npt.NDArray[np.uint8], pairs: Sequence[Pair]) -> Floats:
    """The evidence, in nats, that the looks of each pair show one picture: (pairs,); 0 if they differ at first sight.

    ``pixels`` (looks, 64, 64) are the looks. The second look of a pair may be mirrored, turned by up to 15 degrees,
    cropped, shifted, and have other light.
    """
    evidence = np.zeros(len(pairs), np.float32)
    if not len(pairs):
        return evidence
    chosen = np.array(pairs, np.intp)
    scores, maps = _compare_quickly(pixels, chosen)
    (alike,) = np.nonzero(scores.max(axis=1) > _LEAST_ALIKE)
    if not len(alike):
        return evidence
    shown, places = np.unique(chosen[alike], return_inverse=True)
    places = places.reshape(-1, 2)
    prepared = _Prepared(
        pixels[shown].astype(np.float32),
        details(pixels[shown], _COARSE, _COARSE_WINDOW),
        details(pixels[shown], LOOK_SIZE, _FINE_WINDOW),
    )
    starts = range(0, len(alike), _TOGETHER)

    def weigh(start: int) -> Floats:
        some = slice(start, start + _TOGETHER)
        first, second = places[some].T
        return _weigh(prepared.of(first), prepared.of(second), scores[alike[some]], maps[alike[some]])

    for start, found in zip(starts, ordered_map(lambda: weigh, starts, available_cores()), strict=True):
        evidence[alike[start : start + _TOGETHER]] = found
    return evidence


def _compare_quickly(pixels: npt.NDArray[np.uint8], pairs: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Scores (pairs, 2) and maps (pairs, 2, 2, 2) of :func:`~trainer.groups.spectra.compare_spectra`."""
    shown, places = np.unique(pairs, return_inverse=True)
    places = places.reshape(-1, 2)
    blocks = [make_spectra(pixels[shown[start : start + 256]]) for start in range(0, len(shown), 256)]
    turned, energy = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    guesses = []
    for start in range(0, len(pairs), 256):
        first, second = places[start : start + 256].T
        guesses.append(compare_spectra(Spectra(turned[first], energy[first]), Spectra(turned[second], energy[second])))
    scores, maps = (np.concatenate(parts) for parts in zip(*guesses, strict=True))
    return scores, maps


def _weigh(first: _Prepared, second: _Prepared, scores: Floats, guesses: Floats) -> Floats:
    """The evidence for each pair, (pairs,), from the guesses of :func:`~trainer.groups.spectra.compare_spectra`."""
    pair, mirrored = np.nonzero(scores > _LEAST_ALIKE)
    ours, theirs = first.coarse[pair], second.coarse[pair]
    maps = best_shift(ours, theirs, guesses[pair, mirrored])
    maps = refine(ours, theirs, maps, _FIRST_STEPS)
    agreed = agreement(ours, theirs, maps)
    (hopeful,) = np.nonzero(agreed > _LEAST_FIRST_AGREEMENT)
    pair, ours, theirs = pair[hopeful], ours[hopeful], theirs[hopeful]
    maps = refine(ours, theirs, maps[hopeful], _COARSE_STEPS)
    agreed = agreement(ours, theirs, maps)
    best = np.full(len(scores), -1, np.float32)
    np.maximum.at(best, pair, agreed)
    chosen = np.nonzero((agreed > _LEAST_AGREEMENT) & (agreed == best[pair]))[0]
    evidence = np.zeros(len(scores), np.float32)
    if len(chosen):
        one, other = first.of(pair[chosen]), second.of(pair[chosen])
        maps = refine(one.fine, other.fine, maps[chosen], _FINE_STEPS)
        evidence[pair[chosen]] = block_evidence(one.grey, one.fine, warp(other.grey, maps), warp(other.fine, maps))
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
    """Whether one contrast and one offset take the brightness of one look's blocks to that of the other's, (pairs,).

    ``first`` and ``second`` (pairs, blocks) are grey levels; blocks count if ``used``.
    """
    return np.asarray(np.maximum(_misfit(first, second, used), _misfit(second, first, used)) < _LARGEST_MISFIT)


def _misfit(first: Floats, second: Floats, used: npt.NDArray[np.bool_]) -> Floats:
    """How far :data:`_MOST` of the blocks lie at most from a straight line, in standard deviations of ``second``.

    The line is fitted three times. Blocks far from it, which a text or a flash changed, do not count the next time.
    """
    count = np.maximum(used.sum(axis=1), 1)
    largest = np.float32(np.finfo(np.float32).max)
    kept = used
    for _ in range(3):
        weight = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1)
        mean, other_mean = ((weight * part).sum(axis=1, keepdims=True) for part in (first, second))
        one, other = first - mean, second - other_mean
        slope = (weight * one * other).sum(axis=1) / ((weight * one**2).sum(axis=1) + 1e-3)
        away = np.where(used, np.abs(other - slope[:, None] * one), largest)
        ordered = np.sort(away, axis=1)
        middle = ordered[np.arange(len(count)), count // 2]
        kept = used & (away <= _OUTLIER * middle[:, None] + 1e-3)
    weight = used / count[:, None]
    mean = (weight * second).sum(axis=1, keepdims=True)
    deviation = np.sqrt((weight * (second - mean) ** 2).sum(axis=1))
    return np.asarray(ordered[np.arange(len(count)), (_MOST * count).astype(np.intp)] / np.maximum(deviation, 5))


def _means(values: Floats) -> Floats:
    """The mean of each block, (pairs, 64)."""
    edges = range(0, LOOK_SIZE, _BLOCK)
    sums = np.add.reduceat(np.add.reduceat(values, edges, axis=1), edges, axis=2)
    return (sums / (_BLOCK * _BLOCK)).reshape(len(values), -1)
