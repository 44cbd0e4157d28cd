"""The principal axes of many bottlenecks: the first few directions in which they differ most.

Subspace iteration, as in Halko, Martinsson and Tropp, *Finding Structure with Randomness* (2011), algorithm 4.4: all
directions of 1,024 features would take a hundred times as long.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

AXES = 32
"""How many there are at most."""

_SPARE = 8  # directions beside those that are asked for, so that the last of these is found as well
_ROUNDS, _AGAIN = 6, 2  # of the iteration; from axes of nearly the same photos
_FEW = 4 * AXES
"""Of so few features all directions are found at once: the search would take as long, and end a little anywhere."""
_SMALLEST = 0.1
"""Of a variance, in units of the features' own; those of photos are 0.3 and more. Pictures that are nearly alike hardly
differ in most directions. What a picture has there is then the rounding of 8-bit axes, and a processor's last bits."""


class PrincipalAxes(NamedTuple):
    """The first axes of bottlenecks, in units of their deviation.

    ``axes`` (axes, features) are unit vectors, ``variances`` (axes,) those along them; ``rest`` is the mean variance of
    all other directions. ``directions`` (features, axes and a few) are where the search for those of nearly the same
    photos may start.
    """

    axes: npt.NDArray[np.float64]
    variances: npt.NDArray[np.float64]
    rest: float
    directions: npt.NDArray[np.float32]


def principal_axes(offsets: npt.NDArray[np.float32], start: PrincipalAxes | None = None) -> PrincipalAxes:
    """The axes of ``offsets`` (photos, features) from their mean; ``start`` are those of nearly the same photos.

    There are fewer than :data:`AXES` if there are fewer than twice as many features, or photos. Call it inside
    ``one_thread``.
    """
    photos, features = offsets.shape
    count = max(1, min(AXES, features // 2, photos // 2))
    if features <= _FEW:
        return _exact(offsets, count)
    if start is None or start.directions.shape[1] < count:
        width = min(count + _SPARE, features)
        found = np.random.default_rng(0).standard_normal((features, width)).astype(np.float32)
        rounds = _ROUNDS
    else:
        found, rounds = start.directions, _AGAIN
    for _ in range(rounds):
        found = np.linalg.qr(offsets.T @ (offsets @ found))[0]
    along = (offsets @ found).astype(np.float64)
    values, vectors = np.linalg.eigh(along.T @ along / photos)
    order = np.argsort(-values)[:count]
    total = float(np.einsum("pf,pf->", offsets, offsets, dtype=np.float64)) / photos
    rest = max((total - float(values[order].sum())) / (features - count), _SMALLEST) if features > count else _SMALLEST
    return PrincipalAxes((found @ vectors[:, order]).T, np.maximum(values[order], _SMALLEST), rest, found)


def _exact(offsets: npt.NDArray[np.float32], count: int) -> PrincipalAxes:
    photos, features = offsets.shape
    exact = offsets.astype(np.float64)
    values, vectors = np.linalg.eigh(exact.T @ exact / photos)
    values, vectors = values[::-1], vectors[:, ::-1]
    rest = max(float(values[count:].mean()), _SMALLEST) if features > count else _SMALLEST
    return PrincipalAxes(
        vectors[:, :count].T, np.maximum(values[:count], _SMALLEST), rest, vectors[:, :count].astype(np.float32)
    )
