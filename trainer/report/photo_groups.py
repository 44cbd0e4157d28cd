"""The photos of a report that depend on each other, as groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from trainer.photos.dataset import Photo, largest_groups
from trainer.photos.split import SPLITS


class PhotoGroups(NamedTuple):
    """``photos`` photos, of which ``independent`` do not depend on each other.

    ``groups`` are those of more than one photo, the largest first. ``trained`` is true if these are the photos of a
    training, false if they are those of an evaluation.
    """

    photos: int
    independent: int
    groups: list[list[Photo]]
    trained: bool

    @classmethod
    def of(cls, photos: Sequence[Photo], *, trained: bool) -> PhotoGroups:
        """The groups of ``photos``."""
        return cls(len(photos), len({photo.group for photo in photos}), largest_groups(photos), trained)

    @property
    def note(self) -> str:
        """How many photos are independent, what a group means, and what to do if one is wrong."""
        counts = f"{self.photos:,} photos, {self.independent:,} independent"
        kept, again = ("stay in one split and count as one", "train") if self.trained else ("count as one", "evaluate")
        return (
            f"{counts}: photos of one group {kept}. If a group is wrong, {again} again with --groups names, which "
            "finds groups by the names of the photos alone, or with --groups off, which counts every photo as "
            "independent."
        )


def group_title(group: Sequence[Photo], trained: bool) -> str:
    """``3 photos of daisy (training)``: the number of photos of a group, their classes and, of a training, their split.

    A group has one split, unless its class has too few groups.
    """
    labels = ", ".join(sorted({photo.label for photo in group}))
    found = {photo.split for photo in group}
    splits = ", ".join(split for split in SPLITS if split in found)
    return f"{len(group):,} photos of {labels}" + (f" ({splits})" if trained else "")
