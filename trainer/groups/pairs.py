"""Two photos as a pair of their indices."""

from __future__ import annotations

Pair = tuple[int, int]
"""Indices of two photos, the smaller one first."""


def ordered(one: int, other: int) -> Pair:
    """The two photos as a pair."""
    return (one, other) if one < other else (other, one)
