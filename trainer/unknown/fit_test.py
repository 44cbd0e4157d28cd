"""Do directions belong to a backbone? A permutation test over the values of the bottleneck.

Directions that belong to it meet the bottlenecks of some pictures: whatever a picture shows, a few of a thousand things
are near it. Directions of another network are no nearer than by chance, and chance is what is left if the values of
the bottlenecks change their places. Measured in docs/adr/0022.
"""

from __future__ import annotations

import numpy as np

from trainer.backbones.tuned_weights import Floats
from trainer.unknown.packaged_directions import unit_rows

ABOVE_CHANCE = 4.0
"""How many deviations above chance directions must be. Right ones were at 5.4 and more, wrong ones at 2.9 at most."""

_PERMUTATIONS = 30
_SEED = 0
_MOST_PICTURES = 300  # more would not change the answer


def fits(features: Floats, vectors: Floats) -> bool:
    """Whether ``vectors`` (directions, values), of unit length, belong to the backbone of ``features``.

    ``features`` (pictures, values) are bottlenecks of any pictures, of photos best. Fewer than about 40 pictures may
    not be enough: then directions that belong may be refused, but others are not taken.
    """
    return above_chance(features, vectors) > ABOVE_CHANCE


def above_chance(features: Floats, vectors: Floats) -> float:
    """How near the ``features`` are to ``vectors``, in deviations above what chance gives.

    Measured is the cosine of a picture's bottleneck to the nearest direction, in the mean of the pictures. Chance is
    the same with the values permuted, always by the same 30 permutations. 0 if nothing can be told.
    """
    pictures = unit_rows(features[np.linspace(0, len(features) - 1, min(len(features), _MOST_PICTURES)).astype(int)])
    random = np.random.default_rng(_SEED)
    orders = [random.permutation(features.shape[1]) for _ in range(_PERMUTATIONS)]
    chance = [_nearness(pictures[:, order], vectors) for order in orders]
    deviation = float(np.std(chance))
    return (_nearness(pictures, vectors) - float(np.mean(chance))) / deviation if deviation > 0 else 0.0


def _nearness(pictures: Floats, vectors: Floats) -> float:
    return float((pictures @ vectors.T).max(axis=1).mean())
