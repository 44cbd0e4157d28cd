"""Which pairs of photos are linked, and which links make groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

Pair = tuple[int, int]

STRONG = 40.0
"""Evidence, in nats, that needs no other link beside it."""


def accepted(links: Mapping[Pair, float], together: Iterable[Pair]) -> list[Pair]:
    """The pairs of ``links`` (pair -> evidence in nats) that may join groups, in order.

    A strong link may. A weaker one may if a third photo is linked to both, or if it is the best link of both its
    photos: so weak links make pairs, and groups whose photos look like more than one other, but never a chain.
    ``together`` are pairs that names have linked.
    """
    near: dict[int, dict[int, float]] = defaultdict(dict)
    for (one, other), evidence in [*links.items(), *((pair, STRONG) for pair in together)]:
        near[one][other] = near[other][one] = max(evidence, near[one].get(other, 0.0))
    best = {photo: max(others.values()) for photo, others in near.items()}
    return [
        (one, other)
        for (one, other), evidence in sorted(links.items())
        if evidence >= STRONG or not near[one].keys().isdisjoint(near[other]) or evidence == best[one] == best[other]
    ]
