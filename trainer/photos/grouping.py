"""Groups that grow: photos are joined two at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DIGITS = re.compile(r"([0-9]+)")


def natural_order(relative: str) -> tuple[list[tuple[int, str]], str]:
    """The key that sorts paths as people count: ``a2.jpg`` before ``a10.jpg``."""
    parts = _DIGITS.split(relative)
    # Digits are at the odd places. A number is compared by its length without leading zeros, then by its digits.
    key = [(len(part.lstrip("0")), part.lstrip("0")) if place % 2 else (0, part) for place, part in enumerate(parts)]
    return key, relative


class Grouping:
    """Each of ``relatives``, paths of photos in natural order, is a group of its own until it is joined to another.

    The first photo of a group in natural order names it.
    """

    def __init__(self, relatives: Sequence[str]) -> None:
        """Start with every photo alone."""
        self._relatives = relatives
        self._parent = list(range(len(relatives)))

    def first(self, index: int) -> int:
        """The index of the first photo of the group of photo ``index``."""
        root = index
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[index] != root:
            self._parent[index], index = root, self._parent[index]
        return root

    def join(self, one: int, other: int) -> None:
        """Make one group of the groups of two photos, given by index."""
        first, second = sorted((self.first(one), self.first(other)))
        self._parent[second] = first

    def named(self) -> dict[str, str]:
        """For each photo, by its path, the path of the first photo of its group."""
        return {relative: self._relatives[self.first(index)] for index, relative in enumerate(self._relatives)}
