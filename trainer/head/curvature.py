"""How the loss of a head curves, roughly: a fit that knows it needs half the iterations.

The second derivative of the mean cross entropy is nearly a number times the covariance of the features. Few directions
hold most of that: for these the inverse is exact, for all others it is that of the strongest of them, as in Frangella,
Tropp and Udell, *Randomized Nystroem Preconditioning* (2023).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DIRECTIONS = 64
"""The largest number of directions that are kept."""

_PHOTOS = 512  # that show the directions: more do not save iterations

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]


class Curvature(NamedTuple):
    """The strongest ``directions`` (values, directions) of standardised features, orthonormal, and their ``variances``.

    ``variances`` (directions,) are without ``others``, the variance that all other directions are taken to have.
    """

    directions: Matrix
    variances: Vector
    others: float

    @classmethod
    def of(cls, features: Matrix) -> Curvature:
        """That of standardised ``features`` (photos, values); call it inside ``one_thread``.

        If there are more than 512 photos, 512 of them are taken, spread evenly over their order. So the same photos in
        the same order give the same numbers.
        """
        chosen = features[telling(len(features))]
        # The eigenvectors of the small matrix of photos give those of the covariance.
        variances, photos_of_each = np.linalg.eigh(chosen @ chosen.T / len(chosen))
        variances, photos_of_each = variances[::-1], photos_of_each[:, ::-1]
        count = min(DIRECTIONS, int((variances > 1e-9 * max(variances[0], 1e-300)).sum()))
        others = float(variances[count]) if count < min(chosen.shape) else 0.0
        directions = chosen.T @ (photos_of_each[:, :count] / np.sqrt(len(chosen) * variances[:count]))
        return cls(directions, variances[:count] - max(others, 0.0), max(others, 0.0))

    def solve(self, gradient: Matrix, factor: float, l2: float) -> Matrix:
        """The step that would end at the minimum if the loss curved as is thought here, for ``gradient``.

        ``gradient`` (values + 1, labels) has the bias in its last row, which has no penalty. ``factor`` times the
        variances, plus the penalty ``l2``, is the second derivative.
        """
        least = factor * self.others + l2
        along = 1 / (factor * self.variances + least) - 1 / least
        step = np.empty_like(gradient)
        step[:-1] = gradient[:-1] / least
        step[:-1] += self.directions @ (along[:, np.newaxis] * (self.directions.T @ gradient[:-1]))
        step[-1] = gradient[-1] / factor
        return step


def telling(photos: int) -> npt.NDArray[np.intp]:
    """The places of those of ``photos`` photos that show the curvature."""
    count = min(photos, _PHOTOS)
    return np.arange(count) * photos // count
