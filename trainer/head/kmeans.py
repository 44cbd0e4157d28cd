"""k-means: a few centres for many points, from a given seed.

The first centres are drawn as in Arthur and Vassilvitskii, *k-means++: The Advantages of Careful Seeding* (2007), then
they move as in Lloyd, *Least Squares Quantization in PCM* (1982). SciPy's takes longer to load than this takes to run.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]


def kmeans(points: Points, count: int, rounds: int, seed: int = 0) -> Points:
    """``count`` centres of ``points`` (points, values) after at most ``rounds`` rounds: (count, values).

    There are at least ``count`` different points. The same points in the same order and the same ``seed``, which draws
    the first centres, give the same centres. Call it inside ``one_thread``.
    """
    centres = _first_centres(points, count, np.random.default_rng(seed))
    nearest: npt.NDArray[np.intp] | None = None
    for _ in range(rounds):
        before, nearest = nearest, _squares(points, centres).argmin(axis=1)
        if before is not None and (before == nearest).all():
            break
        counts = np.bincount(nearest, minlength=count)
        sums = (nearest == np.arange(count)[:, np.newaxis]).astype(np.float32) @ points
        own = counts > 0  # a centre that is nearest to no point stays where it is
        centres[own] = sums[own] / counts[own, np.newaxis].astype(np.float32)
    return centres


def _first_centres(points: Points, count: int, random: np.random.Generator) -> Points:
    """Points that are drawn one after the other, each with its squared distance from the nearest centre as weight."""
    centres = [points[random.integers(len(points))]]
    least = np.full(len(points), np.inf)
    while len(centres) < count:
        differences = points - centres[-1]
        np.minimum(least, np.einsum("pv,pv->p", differences, differences), out=least)
        ends = np.cumsum(least)
        place = int(np.searchsorted(ends, random.random() * ends[-1], side="right"))
        centres.append(points[min(place, len(points) - 1)])
    return np.stack(centres)


def _squares(points: Points, centres: Points) -> Points:
    """The squared distance of each of ``points`` from each of ``centres``, without what all centres share."""
    squares: Points = np.einsum("cv,cv->c", centres, centres) - 2 * (points @ centres.T)
    return squares
