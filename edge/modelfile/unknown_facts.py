"""What a manifest says of the class for the rest of the world: one more label beside the user's classes."""

from __future__ import annotations

from typing import NamedTuple

from edge.modelfile.values import is_count


class UnknownFacts(NamedTuple):
    """The label of the class for the rest of the world, and what taught it.

    ``photos`` counts photos of other things that taught; ``photos_sha256`` stands for these and those that were held
    back to judge, with their splits, None if there are none. ``directions`` counts the directions in which other things
    lie, and ``drawings`` the drawn pictures of nothing in particular. ``source`` says in a few words where the
    directions are from, None if there are none.
    """

    label: str
    photos: int
    directions: int
    drawings: int
    source: str | None = None
    photos_sha256: str | None = None


def check_unknown(facts: UnknownFacts) -> UnknownFacts:
    """``facts``, after checking the types of their values.

    Raises :class:`ValueError` if one has another type.
    """
    counts = (facts.photos, facts.directions, facts.drawings)
    if not all(map(is_count, counts)):
        raise ValueError("what taught the class for the rest of the world is not counts")
    if not isinstance(facts.label, str) or not isinstance(facts.source, (str, type(None))):
        raise ValueError("the class for the rest of the world has no label")
    if not isinstance(facts.photos_sha256, (str, type(None))):
        raise ValueError("the hash of the photos of other things is none")
    return facts
