"""Align two looks: find the affine map from one to the other that makes their details agree.

A guess of turn, scale and mirror becomes a map by the best shift (cross-correlation), then Gauss-Newton steps
refine it (Lucas and Kanade, with the gradients of the first look: Baker and Matthews, 2004).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_FLAT = 4.0  # grey levels: contrasts far below this, such as noise on a plain wall, are no detail
_LARGEST_ERROR = 1.0  # of details, whose deviation is about 1: a text or a black corner must not pull the map
_LARGEST_STEP = 0.2  # in half widths of a look
_DAMPING = 1e-3


def details(pixels: npt.NDArray[np.uint8], size: int, window: int) -> Floats:
    """The details of looks (looks, 64, 64): (looks, ``size``, ``size``), without light, contrast and flat areas.

    Looks are averaged down to ``size``, which divides 64. Then each pixel loses the mean of the ``window`` x ``window``
    pixels around it and is divided by their deviation plus :data:`_FLAT`.
    """
    from scipy.ndimage import uniform_filter

    small = pixels.astype(np.float32)
    while small.shape[1] > size:
        small = (small[:, ::2, ::2] + small[:, 1::2, ::2] + small[:, ::2, 1::2] + small[:, 1::2, 1::2]) / 4
    around = (1, window, window)
    difference = small - uniform_filter(small, around, mode="nearest")
    deviation = np.sqrt(np.maximum(uniform_filter(difference**2, around, mode="nearest"), 0))
    return np.asarray(difference / (deviation + _FLAT), np.float32)


class Warped(NamedTuple):
    """Details of second looks, moved onto the first ones, (pairs, size, size), and where there are any, as 0 or 1."""

    details: Floats
    inside: Floats


def warp(second: Floats, maps: Floats) -> Warped:
    """Move ``second`` (pairs, size, size) onto the first looks by ``maps`` (pairs, 2, 3).

    A map takes a place (x, y, 1) in the first look to the place (x, y) in the second one; places go from -1 to 1.
    """
    pairs, size, _ = second.shape
    places = maps @ _places(size)
    across, down = (places[:, 0] + 1) * (size / 2) - 0.5, (places[:, 1] + 1) * (size / 2) - 0.5
    inside = (across > -0.5) & (across < size - 0.5) & (down > -0.5) & (down < size - 0.5)
    across, down = np.clip(across, 0, size - 1.001), np.clip(down, 0, size - 1.001)
    left, top = across.astype(np.int32), down.astype(np.int32)
    across -= left
    down -= top
    flat = second.reshape(pairs, -1)
    corner = top * size + left + np.arange(pairs, dtype=np.int32)[:, None] * (size * size)
    flat = flat.ravel()
    upper = flat[corner] * (1 - across) + flat[corner + 1] * across
    lower = flat[corner + size] * (1 - across) + flat[corner + size + 1] * across
    moved: Floats = (upper * (1 - down) + lower * down) * inside
    return Warped(moved.reshape(second.shape), inside.astype(np.float32).reshape(second.shape))


def best_shift(first: Floats, second: Floats, maps: Floats) -> tuple[Floats, Floats]:
    """``maps`` (pairs, 2, 2) with the shift at which the details agree best, (pairs, 2, 3), and how well they agree.

    The agreement, (pairs,), is their correlation, as if each picture went on at its other side.
    """
    from scipy.fft import irfft2, rfft2

    pairs, size, _ = first.shape
    centred: Floats = np.concatenate([maps, np.zeros((pairs, 2, 1), np.float32)], axis=2)
    moved = warp(second, centred).details
    together = irfft2(rfft2(moved) * rfft2(first).conj(), s=(size, size)).reshape(pairs, -1)
    best = together.argmax(axis=1)
    down, across = np.divmod(best, size)
    shift = np.stack([across, down], axis=1).astype(np.float32)
    shift = (np.where(shift >= size / 2, shift - size, shift) * (2 / size)).astype(np.float32)
    centred[:, :, 2] = (maps @ shift[:, :, None])[:, :, 0]
    return centred, _correlation(together[np.arange(pairs), best], first, moved)


def refine(first: Floats, second: Floats, maps: Floats, steps: int) -> Floats:
    """``maps`` (pairs, 2, 3) after ``steps`` Gauss-Newton steps."""
    pairs, size, _ = first.shape
    down, across = np.gradient(first, 2 / size, axis=(1, 2))
    x, y, _ = _places(size)
    across, down = across.reshape(pairs, -1), down.reshape(pairs, -1)
    slopes = np.stack([across * x, across * y, across, down * x, down * y, down], axis=1)
    normal = slopes @ slopes.transpose(0, 2, 1)
    normal += (_DAMPING * np.trace(normal, axis1=1, axis2=2) / 6 + 1e-3)[:, None, None] * np.eye(6, dtype=np.float32)
    solve = np.linalg.inv(normal) @ slopes
    for _ in range(steps):
        moved = warp(second, maps)
        error = np.clip((moved.details - first) * moved.inside, -_LARGEST_ERROR, _LARGEST_ERROR)
        step = np.clip((solve @ error.reshape(pairs, -1, 1))[:, :, 0], -_LARGEST_STEP, _LARGEST_STEP)
        change = _square(step.reshape(pairs, 2, 3)) + np.diag([1, 1, 0]).astype(np.float32)
        maps = (_square(maps) @ np.linalg.inv(change))[:, :2]
    return maps


def agreement(first: Floats, second: Floats, maps: Floats) -> Floats:
    """How well the details agree, (pairs,), -1 to 1: their correlation where the pictures overlap."""
    moved = warp(second, maps)
    ours = first * moved.inside
    return _correlation(np.einsum("pij,pij->p", ours, moved.details), ours, moved.details)


def _correlation(together: Floats, first: Floats, second: Floats) -> Floats:
    squares = np.einsum("pij,pij->p", first, first) * np.einsum("pij,pij->p", second, second)
    return np.asarray(together / np.sqrt(squares + 1e-6), np.float32)


def _square(maps: Floats) -> Floats:
    bottom = np.broadcast_to(np.array([[[0, 0, 1]]], np.float32), (len(maps), 1, 3))
    return np.concatenate([maps, bottom], axis=1)


@cache
def _places(size: int) -> Floats:
    """The places (x, y, 1) of the pixels of a look, (3, size x size)."""
    middle = ((np.arange(size) + 0.5) * (2 / size) - 1).astype(np.float32)
    y, x = np.meshgrid(middle, middle, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.ones(size * size, np.float32)])
