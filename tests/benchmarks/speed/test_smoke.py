"""What is printed of a ratio."""

from __future__ import annotations

from benchmarks.speed.smoke import Ratio


def test_ratios_within_and_beyond_their_limits() -> None:
    """A ratio beyond its limits is told, and so is one whose rounds contradict each other."""
    assert Ratio("one over other", 1.5, 1, 4).text == "    1.50  (1 to 4)  one over other: ok"
    beyond = Ratio("one over other", 5.25, 0.1, 4, noisy=True)
    assert not beyond.within
    assert beyond.text == (
        "    5.25  (0.1 to 4)  one over other: BEYOND its limits: look at it, noisy: the rounds differ by 20 % or more"
    )
