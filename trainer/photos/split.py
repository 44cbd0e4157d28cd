"""The split into training, validation and test photos; it stays the same if the folder moves or grows."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from edge.errors import DatasetError, UsageError

TRAINING, VALIDATION, TEST = SPLITS = ("training", "validation", "test")

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


def photo_group(relative: str) -> str:
    """The path without its ending from ``_nohash_`` on: photos of one group stay in one split (the codelab's rule)."""
    folder, slash, name = relative.rpartition("/")
    return folder + slash + _NOHASH.sub("", name)


def split_position(relative: str, seed: int) -> float:
    """The position of a photo in [0, 1): the hash of its group's relative path, and of nothing else."""
    digest = hashlib.sha256(f"{seed}:{photo_group(relative)}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign_splits(photos: Iterable[tuple[str, str]], ratios: SplitRatios, strict: bool = True) -> dict[str, str]:
    """The split of each photo, given as (label, relative path), by relative path.

    Photos at low positions are validation photos, those at high positions test photos. So a change of one percentage
    does not change the other set. A photo's split depends on its own path alone, with one exception: if a class would
    have no validation or no test photo, it gets the training group whose position is nearest.

    Raises :class:`~edge.errors.DatasetError` for a class with fewer than three groups, unless not ``strict``.
    """
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for label, relative in photos:
        groups[label][photo_group(relative)].append(relative)
    assigned = {}
    for label, members in groups.items():
        if strict and len(members) < len(SPLITS):
            count = sum(map(len, members.values()))
            raise DatasetError(
                f"class {label!r} has too few photos ({count}): add photos until it has at least {len(SPLITS)} "
                "different ones, or move the folder away"
            )
        for group, split in _split_class(list(members), ratios).items():
            assigned.update(dict.fromkeys(members[group], split))
    return assigned


def _split_class(groups: list[str], ratios: SplitRatios) -> dict[str, str]:
    by_position = sorted(groups, key=lambda group: (split_position(group, ratios.seed), group))
    splits = {group: _split_at(split_position(group, ratios.seed), ratios) for group in by_position}
    for wanted in (TEST, VALIDATION, TRAINING):
        counts = Counter(splits.values())
        lenders = [group for group in by_position if counts[splits[group]] > 1]
        lenders = [group for group in lenders if splits[group] == TRAINING] or lenders
        if not counts[wanted] and lenders:
            nearest = {TEST: -1, VALIDATION: 0, TRAINING: len(lenders) // 2}[wanted]
            splits[lenders[nearest]] = wanted
    return splits


def _split_at(position: float, ratios: SplitRatios) -> str:
    if position < ratios.validation_percentage / 100:
        return VALIDATION
    if position >= 1 - ratios.testing_percentage / 100:
        return TEST
    return TRAINING
