"""Which photos of a session show how good a head is that has not seen them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.backbones.backbone import FineTuned
from trainer.evaluation.seen_photos import sights
from trainer.photos.split import LEAST_GROUPS, TEST
from trainer.teach.learning.examples import Examples


class Evidence(NamedTuple):
    """Which photos count, ``shown`` (photos,) in the order of the data, and the ``labels`` of their classes.

    ``independent`` has the number of independent photos of each class with photos. Without those that fine-tuned the
    backbone it can be 0; ``seen`` is the number of photos that fine-tuned it, or are like them.
    """

    shown: npt.NDArray[np.bool_]
    labels: frozenset[str]
    independent: dict[str, int]
    seen: int

    @property
    def enough(self) -> bool:
        """Whether the photos say something of all classes: at least two of them count, and at least half."""
        return len(self.labels) >= 2 and 2 * len(self.labels) >= len(self.independent)


def find_evidence(examples: Examples, tuned: FineTuned | None = None) -> Evidence:
    """The evidence in ``examples``; a backbone of which it is not known how it was ``tuned`` leaves none."""
    photos = examples.dataset.by_split()
    unseen = np.ones(len(photos), bool)
    if tuned is not None:
        unseen[:] = False
        if tuned.photos is not None:
            unseen = np.array([sight == TEST for sight in sights(tuned.photos, photos)], bool)
    groups: dict[str, set[str]] = {photo.label: set() for photo in photos}
    for photo, counts in zip(photos, unseen, strict=True):
        if counts:
            groups[photo.label].add(photo.group)
    independent = {label: len(found) for label, found in groups.items()}
    labels = frozenset(label for label, count in independent.items() if count >= LEAST_GROUPS)
    shown = unseen & np.array([photo.label in labels for photo in photos], bool)
    return Evidence(shown, labels, independent, int((~unseen).sum()))
