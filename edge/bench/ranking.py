"""Which of several timed things is the fastest, and by how much; what the noise hides is no difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge.bench.results import distinguishable


class Ranking(NamedTuple):
    """``fastest`` are the names of what may be the fastest, by their time.

    ``slower`` has of each other name how many times as long it takes as the first of them, by their time.
    """

    fastest: tuple[str, ...]
    slower: dict[str, float]


def rank(times_ms: Mapping[str, float], resolution: float) -> Ranking:
    """The ranking of ``times_ms``, by name, of which at least one must be there.

    Times that differ from the smallest one by less than the share ``resolution``, that of
    :func:`edge.bench.results.noise`, count as equal to it.
    """
    names = sorted(times_ms, key=times_ms.__getitem__)
    best = times_ms[names[0]]
    slower = {name: times_ms[name] / best for name in names if distinguishable(times_ms[name], best, resolution)}
    return Ranking(tuple(name for name in names if name not in slower), slower)


def ranking_text(fastest: Sequence[str], slower: Mapping[str, tuple[float, float]]) -> str:
    """What :class:`Ranking` says, in words: ``take int8: 2.8 times as fast as float32``.

    ``slower`` has the smallest and the largest factor of each other name: that of several rankings with equal names.
    """
    lead = f"take {fastest[0]}" if len(fastest) == 1 else f"{_listed(fastest)} are about equally fast"
    if not slower:
        return lead
    factors = [f"{_times(*factor)} times as fast as {name}" for name, factor in slower.items()]
    return f"{lead}{': ' if len(fastest) == 1 else ', '}{_listed(factors)}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _times(low: float, high: float) -> str:
    smallest, largest = _factor(low), _factor(high)
    return smallest if smallest == largest else f"{smallest} to {largest}"


def _factor(value: float) -> str:
    return f"{value:.2f}" if value < 1.1 else f"{value:.1f}" if value < 10 else f"{value:.0f}"
