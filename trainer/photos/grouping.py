"""Groups that grow: photos are joined two at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_DIGITS = re.compile(r"([0-9]+)")


def natural_order(relative: str) -> str:
    """The key that sorts paths as people count: ``a2.jpg`` before ``a10.jpg``.

    It is one text, a quarter of the memory of a list of its parts.
    """
    parts = _DIGITS.split(relative)
    # Digits are at the odd places. A number is compared by its length without leading zeros, then by its digits. No
    # path has a character 0, so that a text ends before one that goes on, whatever follows it.
    key = [_number(part) if place % 2 else part for place, part in enumerate(parts)]
    return f"{''.join(key)}\0\0{relative}"


def _number(digits: str) -> str:
    significant = digits.lstrip("0")
    return f"\0{chr(1 + len(significant))}{significant}"


def stem_of(name: str) -> str:
    """A file's ``name`` without its ending: that of :mod:`pathlib`, which takes longer for thousands of names."""
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name


class Grouping:
    """Each of ``relatives``, paths of photos in natural order, is a group of its own until it is joined to another.

    The first photo of a group in natural order names it.
    """

    def __init__(self, relatives: Sequence[str]) -> None:
        """Start with every photo alone."""
        self._relatives = relatives
        self._parent = list(range(len(relatives)))

    @classmethod
    def joined(cls, relatives: Sequence[str], *links: Iterable[tuple[int, int]]) -> Grouping:
        """The groups of ``relatives`` after both photos of each pair in ``links``, by index, were joined."""
        groups = cls(relatives)
        for pairs in links:
            for one, other in pairs:
                groups.join(one, other)
        return groups

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
