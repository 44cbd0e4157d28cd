"""The chance that a known picture has the larger number."""

from __future__ import annotations

import pytest

from trainer.evaluation.auroc import auroc


@pytest.mark.parametrize(
    ("known", "strange", "expected"),
    [
        ([3, 2], [1, 0], 1.0),
        ([0], [1, 2], 0.0),
        ([1, 1], [1], 0.5),
        ([1, 3], [2, 0], 0.75),
        ([1], [-float("inf")], 1),
    ],
)
def test_the_share_of_pairs_in_the_right_order(known: list[float], strange: list[float], expected: float) -> None:
    """Each pair of a known and a strange picture counts; equal numbers count half."""
    assert auroc(known, strange) == expected
