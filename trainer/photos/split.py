"""The split into training, validation and test photos; it stays the same if the folder moves or grows.

Photos that depend on each other are a group, and a group is in one split: a test photo must not be a copy of a
training photo.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge.errors import DatasetError, UsageError

TRAINING, VALIDATION, TEST = SPLITS = ("training", "validation", "test")

LEAST_GROUPS = len(SPLITS)
"""With fewer groups, a class cannot have one in each split."""

_NOHASH = re.compile(r"_nohash_.*", re.DOTALL)


class SplitRatios(NamedTuple):
    """The share of validation and test photos in percent; another ``seed`` gives another split."""

    validation_percentage: float = 10.0
    testing_percentage: float = 10.0
    seed: int = 0

    def check(self) -> SplitRatios:
        """These ratios, after checking them.

        Raises :class:`~edge.errors.UsageError` if a percentage is not positive or too little is left.
        """
        validation, testing = self.validation_percentage, self.testing_percentage
        if not (validation > 0 and testing > 0 and validation + testing <= 90):
            raise UsageError(
                f"validation {validation:g} % and testing {testing:g} % leave no fair split; "
                "each must be above 0 and both together at most 90"
            )
        return self

    @property
    def doubt(self) -> str | None:
        """A line if a percentage is below 1, because a share was probably meant; else None."""
        smallest = min(self.validation_percentage, self.testing_percentage)
        if smallest >= 1:
            return None
        return (
            f"{smallest:g} % of the photos are {10 * smallest:g} of 1000; if you mean a share, give {100 * smallest:g}"
        )


class GroupedPhoto(NamedTuple):
    """What the split of a photo depends on.

    ``group`` is the relative path of the first photo of its group. ``given`` is the split that the folder's layout
    gives, None if it gives none.
    """

    relative: str
    label: str
    group: str
    given: str | None = None


def photo_group(relative: str) -> str:
    """The path without its ending from ``_nohash_`` on: photos of one group stay in one split (the codelab's rule)."""
    if "_nohash_" not in relative:
        return relative  # the same object: there may be a million
    folder, slash, name = relative.rpartition("/")
    return folder + slash + _NOHASH.sub("", name)


def split_position(unit: str, seed: int) -> float:
    """The position in [0, 1) of what :func:`split_units` keeps together: the hash of its name, and of nothing else."""
    digest = hashlib.sha256(f"{seed}:{unit}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_units(photos: Sequence[GroupedPhoto]) -> list[str]:
    """The name of what stays together in a split or in a part of a cross-validation, for each photo.

    It is the path of the first photo of its group, before ``_nohash_``.

    A class with fewer than :data:`LEAST_GROUPS` groups is split by photo, because it must have photos to train on and
    photos to choose a head with. Its test photos prove nothing then: see :func:`dependent`.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    for photo in photos:
        groups[photo.label].add(photo.group)
    return [
        photo_group(photo.group) if len(groups[photo.label]) >= LEAST_GROUPS else photo.relative for photo in photos
    ]


def assign_splits(photos: Sequence[GroupedPhoto], ratios: SplitRatios, strict: bool = True) -> dict[str, str]:
    """The split of each photo by its relative path.

    Groups at low positions are validation photos, those at high positions test photos; the position of a group is that
    of its first photo. So a change of one percentage does not change the other set, and photos that are added change
    nothing, with two exceptions. If a class would have no validation or no test photo, it gets the training group whose
    position is nearest. And if a new photo shows that two groups are one, or if it comes first in a group, the group
    has the split of its first photo from then on.

    A split that the folder's layout gives stays. If the layout gives only some of the three splits, training photos
    are taken for the others by the same rule. A group whose photos are given different splits goes as a whole to the
    first of training, validation and test that one of them has.

    Raises :class:`~edge.errors.DatasetError`, unless not ``strict``, for a class that has too few photos to have one
    in each split, or no photo to train on.
    """
    units = split_units(photos)
    free = set(SPLITS) - {photo.given for photo in photos}
    given: dict[str, set[str]] = defaultdict(set)
    classes: dict[str, set[str]] = defaultdict(set)
    first: dict[str, str] = {}  # the class of each unit
    shared: set[str] = set()  # units with photos of several classes
    for photo, unit in zip(photos, units, strict=True):
        if photo.given is not None:
            given[unit].add(photo.given)
        classes[photo.label].add(unit)
        if first.setdefault(unit, photo.label) != photo.label:
            shared.add(unit)
    splits = {unit: _unit_split(unit, given.get(unit, set()), ratios, free) for unit in first}
    for label in sorted(classes):
        own = [unit for unit in classes[label] if unit not in shared]
        if strict and free == set(SPLITS) and len(classes[label]) < len(SPLITS):
            raise DatasetError(_too_few(label, sum(photo.label == label for photo in photos)))
        _lend(own, classes[label], splits, ratios, free)
        if strict and TRAINING not in {splits[unit] for unit in classes[label]}:
            raise DatasetError(
                f"class {label!r} has no photo to train on: add some to its training folder, or move the class away"
            )
    return {photo.relative: splits[unit] for photo, unit in zip(photos, units, strict=True)}


def dependent(photos: Iterable[tuple[str, str]]) -> set[str]:
    """The groups, of photos given as (group, split), that have photos in more than one split."""
    first: dict[str, str] = {}
    return {group for group, split in photos if first.setdefault(group, split) != split}


def _too_few(label: str, count: int) -> str:
    return (
        f"class {label!r} has too few photos ({count}): add photos until it has at least {len(SPLITS)} "
        "different ones, or move the folder away"
    )


def _unit_split(unit: str, given: set[str], ratios: SplitRatios, free: set[str]) -> str:
    first = next((split for split in SPLITS if split in given), TRAINING)
    if first != TRAINING:
        return first
    split = _split_at(split_position(unit, ratios.seed), ratios)
    return split if split in free else TRAINING


def _lend(own: list[str], units: set[str], splits: dict[str, str], ratios: SplitRatios, free: set[str]) -> None:
    """Change ``splits`` so that a class of ``units`` has every split that is ``free``; only its ``own`` are lent."""
    if {splits[unit] for unit in units}.issuperset(SPLITS):
        return
    by_position = sorted(own, key=lambda unit: (split_position(unit, ratios.seed), unit))
    for wanted in (TEST, VALIDATION, TRAINING):
        counts = Counter(splits[unit] for unit in units)
        lenders = [unit for unit in by_position if counts[splits[unit]] > 1 and splits[unit] in free | {TRAINING}]
        lenders = [unit for unit in lenders if splits[unit] == TRAINING] or lenders
        if not counts[wanted] and wanted in free and lenders:
            nearest = {TEST: -1, VALIDATION: 0, TRAINING: len(lenders) // 2}[wanted]
            splits[lenders[nearest]] = wanted


def _split_at(position: float, ratios: SplitRatios) -> str:
    if position < ratios.validation_percentage / 100:
        return VALIDATION
    if position >= 1 - ratios.testing_percentage / 100:
        return TEST
    return TRAINING
