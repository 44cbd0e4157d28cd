"""Names in messages, shortened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.shorten import list_names, shorten


@given(st.text(max_size=300), st.integers(3, 200))
def test_short_text_stays_and_long_text_has_its_ends(text: str, most: int) -> None:
    """No text is longer than the limit; a short one is as it was, a long one begins and ends as before."""
    short = shorten(text, most)
    assert len(short) == min(len(text), most)
    if len(text) <= most:
        assert short == text
    else:
        first = most - 3 - (most - 3) // 2
        assert (short[:first], short[first : first + 3]) == (text[:first], "...")
        assert text.endswith(short[first + 3 :])


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b", "c"], "a, b, c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
        (["x" * 10_000], "x" * 49 + "..." + "x" * 48),
    ],
)
def test_names_are_listed_up_to_a_number(names: list[str], wanted: str) -> None:
    """The first names are given, each shortened, and the others counted."""
    assert list_names(names, most=3) == wanted
