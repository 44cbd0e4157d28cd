"""Groups that are joined: named by their first photo in natural order."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from trainer.photos.grouping import Grouping, natural_order, stem_of


def test_numbers_count_in_the_order_of_names() -> None:
    """2 comes before 10 and 010 after 9; every path has a place of its own."""
    paths = ["b1", "a10", "a9", "a010", "a2", "a", "a2b"]
    assert sorted(paths, key=natural_order) == ["a", "a2", "a2b", "a9", "a010", "a10", "b1"]


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40))
def test_joined_photos_are_the_connected_ones(pairs: list[tuple[int, int]]) -> None:
    """Two photos are in one group exactly if pairs lead from one to the other; the lowest names it."""
    groups = Grouping([str(index) for index in range(20)])
    reached = {index: {index} for index in range(20)}
    for one, other in pairs:
        groups.join(one, other)
        union = reached[one] | reached[other]
        for index in union:
            reached[index] = union
    assert groups.named() == {str(index): str(min(reached[index])) for index in range(20)}


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1).filter(lambda name: name != "."))
def test_stem_is_that_of_a_path(name: str) -> None:
    """The name of a file without its ending, also with many points, or one at an end."""
    assert stem_of(name) == PurePosixPath(name).stem
