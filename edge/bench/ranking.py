"""Which of several timed things is the fastest, and by how much; what the noise hides is no difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from edge.bench.results import distinguishable, noise


class Ranking(NamedTuple):
    """``fastest`` are the names of what may be the fastest, by their time.

    ``slower`` has of each other name how many times as long it takes as the first of them, by their time.
    """

    fastest: tuple[str, ...]
    slower: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The ranking as plain JSON values, with 4 digits."""
        slower = {name: round(factor, 4) for name, factor in self.slower.items()}
        return {"fastest": list(self.fastest), "times_as_long": slower}


def rank(times_ms: Mapping[str, float], resolution: float) -> Ranking:
    """The ranking of ``times_ms``, by name, of which at least one must be there.

    Times that differ from the smallest one by less than the share ``resolution``, that of
    :func:`edge.bench.results.noise`, count as equal to it.
    """
    names = sorted(times_ms, key=times_ms.__getitem__)
    best = times_ms[names[0]]
    slower = {name: times_ms[name] / best for name in names if distinguishable(times_ms[name], best, resolution)}
    return Ranking(tuple(name for name in names if name not in slower), slower)


class Comparison(NamedTuple):
    """The median of the rounds of each name in milliseconds, and the ranking of these medians."""

    median_ms: dict[str, float]
    ranking: Ranking

    def as_json(self) -> dict[str, Any]:
        """The comparison as plain JSON values, with 4 digits."""
        return {
            "median_ms": {name: round(value, 4) for name, value in self.median_ms.items()},
            **self.ranking.as_json(),
        }


def compare(rounds_ms: Mapping[str, Sequence[float]]) -> Comparison:
    """Compare what was timed in rounds, in turn: ``rounds_ms`` has one time a round of each name.

    How much the rounds of one name differ says what the noise may hide: :func:`edge.bench.results.noise`.
    """
    found = noise({"round_p50_ms": times, "error": None} for times in rounds_ms.values())
    medians = {name: median(times) for name, times in rounds_ms.items()}
    return Comparison(medians, rank(medians, found["resolution"]))


def ranking_text(fastest: Sequence[str], slower: Mapping[str, tuple[float, float]], *, advise: bool = True) -> str:
    """What :class:`Ranking` says, in words: ``take int8: 2.8 times as fast as float32``.

    ``slower`` has the smallest and the largest factor of each other name: that of several rankings with equal names.
    Without ``advise`` the words are ``int8 is 2.8 times as fast as float32``. What the noise hides is not advised.
    """
    factors = _listed([f"{_times(*factor)} times as fast as {name}" for name, factor in slower.items()])
    if len(fastest) > 1:
        return f"{_listed(fastest)} are about the same within the noise{f', {factors}' if factors else ''}"
    return f"take {fastest[0]}: {factors}" if advise else f"{fastest[0]} is {factors}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _times(low: float, high: float) -> str:
    smallest, largest = _factor(low), _factor(high)
    return smallest if smallest == largest else f"{smallest} to {largest}"


def _factor(value: float) -> str:
    return f"{value:.2f}" if value < 1.1 else f"{value:.1f}" if value < 10 else f"{value:.0f}"
