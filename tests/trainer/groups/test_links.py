"""Links: strong ones hold, weak ones make pairs and close groups, and never a chain."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from trainer.groups.links import STRONG, Links
from trainer.photos.grouping import Grouping

WEAK = STRONG - 5


def test_a_chain_of_weak_links_is_not_a_group() -> None:
    """A hundred photos, each a little like the next one: at most pairs."""
    links = {(index, index + 1): WEAK + index % 7 / 10 for index in range(99)}
    groups = Grouping([str(index) for index in range(100)])
    for one, other in Links(links, []).accepted():
        groups.join(one, other)
    named = list(groups.named().values())
    assert max(named.count(name) for name in named) == 2


def test_strong_links_make_a_chain() -> None:
    """A camera that turns slowly: each photo is the next one's copy."""
    links = {(index, index + 1): STRONG for index in range(9)}
    assert Links(links, []).accepted() == list(links)


def test_weak_links_that_support_each_other_hold() -> None:
    """Three photos that are all linked are a group; a fourth one with one weak link is not."""
    links = {(0, 1): STRONG + 9, (0, 2): WEAK, (1, 2): WEAK, (2, 3): WEAK - 1}
    assert Links(links, []).accepted() == [(0, 1), (0, 2), (1, 2)]
    assert Links(links, []).missing() == {(0, 3), (1, 3)}


def test_names_support_a_link() -> None:
    """A weak link to two photos of one name group holds, a link to one of them does not."""
    assert Links({(0, 2): WEAK, (1, 2): WEAK}, [(0, 1)]).accepted() == [(0, 2), (1, 2)]
    assert Links({(1, 2): WEAK}, [(0, 1)]).accepted() == []
    assert Links({(1, 2): WEAK}, [(0, 1)]).missing() == {(0, 2)}


PAIRS = st.sampled_from(list(itertools.combinations(range(8), 2)))


@given(st.dictionaries(PAIRS, st.floats(10, 60)), st.permutations(range(8)))
def test_numbers_of_photos_change_nothing(links: dict[tuple[int, int], float], order: list[int]) -> None:
    """The same links between photos with other numbers hold."""
    renamed = {tuple(sorted((order[one], order[other]))): nats for (one, other), nats in links.items()}
    accepted = {tuple(sorted((order[one], order[other]))) for one, other in Links(links, []).accepted()}
    assert set(Links(renamed, []).accepted()) == accepted
