"""Heads fitted on shares of the photos.

The photos of each part of a cross-validation are labelled by heads that were fitted on 25, 50, 75 and 100 % of the
groups of the other parts. All heads have the penalty of the head of the whole data set. On flowers, a search for each
head and standardisation of each share alone took 5 to 10 times as long, and gave the same accuracies within 0.3 points
in the mean of several random choices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.curvature import Curvature, telling
from trainer.head.folds import Folds
from trainer.head.linear import Head, Matrix
from trainer.head.minimise import refit_head
from trainer.head.standardisation import Standardisation
from trainer.one_thread import one_thread

SHARES = (0.25, 0.5, 0.75, 1.0)
"""The shares of the training groups on which heads are fitted."""

_DRAWS = 2  # random choices of each share below 1 in each part: their noise is small beside that of the photos


class LabelledByShares(NamedTuple):
    """What heads that were fitted on shares of the photos labelled correctly.

    ``right`` (photos, shares) is the share, 0 to 1, of the random choices with which a photo was labelled correctly.
    ``photos_per_class`` (shares,) is the mean number of independent photos of a class that trained.
    """

    right: Matrix
    photos_per_class: npt.NDArray[np.float64]


def label_with_shares(
    folds: Folds, l2: float, seed: int, advance: Callable[[int], None] = lambda count: None
) -> LabelledByShares:
    """Label each part with heads that were fitted on shares of the other parts, with the penalty ``l2``.

    All photos are labelled, however few they are. ``seed`` gives the random choices; ``advance`` is called with 1 for
    each part.
    """
    data = folds.data
    right = np.zeros((len(data.labels), len(SHARES)))
    photos = np.zeros(len(SHARES))
    for part in range(folds.number):
        tested = folds.assigned == part
        with one_thread():  # the same heads on any number of cores
            standard = data._replace(features=Standardisation.of(data.features[~tested]).apply(data.features))
            others = np.flatnonzero(~tested)
            curvature = Curvature.of(standard.features[others[telling(len(others))]])
            for draw in range(_DRAWS):
                start: Head | None = None
                for place, chosen in enumerate(nested_shares(data, ~tested, folds.labels, [seed, part, draw])):
                    training = standard.where(chosen)
                    weights = folds.class_weights(training.labels)
                    # The next share is fitted from the head of the last one, which is near.
                    start = refit_head(training, folds.labels, l2, folds.max_steps, weights, start, curvature)
                    answers = start.logits(standard.features[tested]).argmax(axis=1)
                    right[tested, place] += (answers == data.labels[tested]) / _DRAWS
                    photos[place] += training.independent
                    del training  # before the next share is taken: it is as large as the photos
            del standard
        advance(1)
    return LabelledByShares(right, photos / (folds.labels * folds.number * _DRAWS))


def nested_shares(
    data: Labelled, training: npt.NDArray[np.bool_], labels: int, seed: list[int]
) -> Iterator[npt.NDArray[np.bool_]]:
    """For each of :data:`SHARES` the photos (photos,) of a random share of the ``training`` groups of each class.

    Each share contains those before it. A group is chosen as a whole, with the class of its first photo; at least one
    of each class is chosen.
    """
    groups = np.arange(len(data.labels)) if data.groups is None else data.groups
    members, first = np.unique(groups[training], return_index=True)
    classes = data.labels[training][first]
    positions = np.random.default_rng(seed).random(len(members))
    ranks, sizes = np.zeros(len(members)), np.zeros(len(members))
    for label in range(labels):
        own = np.nonzero(classes == label)[0]
        ranks[own[np.argsort(positions[own], kind="stable")]] = np.arange(len(own))
        sizes[own] = len(own)
    for share in SHARES:
        chosen = members[ranks < np.maximum(np.rint(share * sizes), 1)]
        yield training & np.isin(groups, chosen)
