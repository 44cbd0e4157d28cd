"""Groups that grow: photos are joined two at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence


def natural_key(relative: str) -> tuple[tuple[int, str], ...]:
    """Orders paths so that the numbers in them count: ``cam_2.jpg`` comes before ``cam_10.jpg``."""
    parts = re.split(r"([0-9]+)", relative)
    return (*((int(part[-4000:]), "") if i % 2 else (-1, part) for i, part in enumerate(parts)), (-2, relative))


class Groups:
    """Each of ``relatives``, paths of photos, is a group of its own until it is joined to another one.

    The first photo of a group in natural order names it.
    """

    def __init__(self, relatives: Sequence[str]) -> None:
        """Start with every photo alone."""
        self._relatives = relatives
        order = sorted(range(len(relatives)), key=lambda index: natural_key(relatives[index]))
        self._rank = [0] * len(relatives)
        for rank, index in enumerate(order):
            self._rank[index] = rank
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
        first, second = sorted((self.first(one), self.first(other)), key=lambda index: self._rank[index])
        self._parent[second] = first

    def names(self) -> list[str]:
        """For each photo the path of the first photo of its group."""
        return [self._relatives[self.first(index)] for index in range(len(self._relatives))]
