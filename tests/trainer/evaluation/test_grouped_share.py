"""Shares in which photos that depend on each other count as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.evaluation.grouped_share import grouped_share
from trainer.evaluation.interval import wilson_interval

PHOTOS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), min_size=1, max_size=60)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_independent_photos_are_counted(right: list[bool]) -> None:
    """If each photo is a group of its own, the numbers are those of plain counting, to the last bit."""
    found = grouped_share((str(place), each) for place, each in enumerate(right))
    assert found == (sum(right), len(right))
    assert found.share == sum(right) / len(right)
    assert found.interval == wilson_interval(sum(right), len(right))


@given(PHOTOS)
def test_the_share_is_the_mean_over_the_groups(photos: list[tuple[str, bool]]) -> None:
    """Each group has the weight of one photo, whatever its size; the interval holds the share."""
    found = grouped_share(photos)
    groups = sorted({group for group, _ in photos})
    means = [sum(r for g, r in photos if g == group) / sum(g == group for g, _ in photos) for group in groups]
    assert found.independent == len(groups)
    assert found.share == pytest.approx(sum(means) / len(groups))
    assert found.interval.low <= found.share + 1e-12
    assert found.share - 1e-12 <= found.interval.high


@given(PHOTOS, st.integers(2, 49))
def test_copies_of_a_photo_change_nothing(photos: list[tuple[str, bool]], copies: int) -> None:
    """A photo that is there many times, in its group, counts as before, and all right is exactly 1."""
    assert grouped_share(photos * copies) == pytest.approx(grouped_share(photos))
    assert grouped_share([(group, True) for group, _ in photos * copies]).share == 1.0


def test_no_photo() -> None:
    """Nothing counted says nothing."""
    assert grouped_share([]).share is None
    assert grouped_share([]).interval == (0.0, 1.0)
