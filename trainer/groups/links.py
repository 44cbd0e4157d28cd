"""Links between photos, and which of them make groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from trainer.groups.pairs import Pair, ordered

STRONG = 30.0
"""Evidence, in nats, that needs no other link beside it."""


class Links:
    """Links between photos: ``evidence`` in nats of each pair, and pairs ``named`` together, which are strong."""

    def __init__(self, evidence: Mapping[Pair, float], named: Iterable[Pair]) -> None:
        """Take the links."""
        self._evidence = dict(sorted(evidence.items()))
        self._near: dict[int, dict[int, float]] = defaultdict(dict)
        for (one, other), nats in [*self._evidence.items(), *((pair, STRONG) for pair in named)]:
            nats = max(nats, self._near[one].get(other, 0.0))
            self._near[one][other] = self._near[other][one] = nats

    def accepted(self) -> list[Pair]:
        """The pairs of ``evidence`` that may join groups.

        A strong link may. A weaker one may if a third photo is linked to both, or if it is the best link of both its
        photos. So weak links make pairs, and groups whose photos look like more than one other, but never a chain.
        """
        return [pair for pair in self._evidence if self._holds(*pair)]

    def missing(self) -> set[Pair]:
        """Pairs whose evidence could support the links that are not accepted.

        If ``a`` and ``b`` have such a link, these are ``a`` and the photos that ``b`` is linked to, and the other way
        round.
        """
        wanted: set[Pair] = set()
        for one, other in self._evidence:
            if not self._holds(one, other):
                for photo, friends in ((one, self._near[other]), (other, self._near[one])):
                    wanted.update(ordered(photo, friend) for friend in friends if friend != photo)
        return wanted - self._evidence.keys()

    def _holds(self, one: int, other: int) -> bool:
        nats, ours, theirs = self._evidence[one, other], self._near[one], self._near[other]
        if nats >= STRONG or not ours.keys().isdisjoint(theirs):
            return True
        return nats >= max(ours.values()) and nats >= max(theirs.values())
