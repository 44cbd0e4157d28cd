"""Groups of photos that depend on each other, as far as their names show it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from trainer.photos.split import photo_group

_DIGITS = re.compile(r"([0-9]+)")


def natural_order(relative: str) -> tuple[list[tuple[int, str]], str]:
    """The key that sorts paths as people count: ``a2.jpg`` before ``a10.jpg``."""
    parts = _DIGITS.split(relative)
    # Digits are at the odd places. A number is compared by its length without leading zeros, then by its digits.
    key = [(len(part.lstrip("0")), part.lstrip("0")) if place % 2 else (0, part) for place, part in enumerate(parts)]
    return key, relative


def first_of_each(sets: Iterable[Sequence[str]]) -> dict[str, str]:
    """For each path in ``sets`` of paths, the first of its set in natural order."""
    first: dict[str, str] = {}
    for paths in sets:
        first.update(dict.fromkeys(paths, min(paths, key=natural_order)))
    return first


def name_groups(relatives: Iterable[str]) -> dict[str, str]:
    """The group of each photo, given by its relative path: the first photo of which its name says that it is another.

    Names that are equal up to ``_nohash_`` are one group: the codelab's rule.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for relative in relatives:
        groups[photo_group(relative)].append(relative)
    return first_of_each(groups.values())
