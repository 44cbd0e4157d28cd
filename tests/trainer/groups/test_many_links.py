"""Links in arrays: the same pairs hold and are missing as of links in objects."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.groups.links import STRONG, Links
from trainer.groups.many_links import MOST_FRIENDS, ManyLinks
from trainer.groups.offers import as_codes, as_pairs, each_pair

PHOTOS = 9
PAIRS = st.sampled_from(list(itertools.combinations(range(PHOTOS), 2)))


def many(links: dict[tuple[int, int], float], named: list[tuple[int, int]], photos: int) -> ManyLinks:
    """``links`` and ``named`` pairs in arrays."""
    codes = as_codes(links, photos)
    evidence = np.array([links[tuple(pair)] for pair in as_pairs(codes, photos).tolist()], np.float64)
    return ManyLinks(codes, evidence, as_codes(named, photos), photos)


@given(st.dictionaries(PAIRS, st.sampled_from([12.0, 20.0, 25.0, 29.5, 30.0, 60.0])), st.sets(PAIRS, max_size=6))
def test_arrays_say_what_objects_say(links: dict[tuple[int, int], float], named: set[tuple[int, int]]) -> None:
    """Of every few photos, with names and equal links among them."""
    found, wanted = many(links, sorted(named), PHOTOS), Links(links, sorted(named))
    assert list(each_pair(found.accepted(), PHOTOS)) == wanted.accepted()
    assert set(each_pair(found.missing(), PHOTOS)) == wanted.missing()


def test_a_photo_with_very_many_weak_links_asks_for_few_more() -> None:
    """A star of 3,000 weak links has four and a half million pairs of rays; not all of them are asked for."""
    rays = 3000
    found = many({(0, ray): STRONG - 1 - ray / rays for ray in range(1, rays + 1)}, [], rays + 1)
    assert len(found.accepted()) == 1
    assert rays < len(found.missing()) <= rays * MOST_FRIENDS
