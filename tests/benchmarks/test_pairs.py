"""What the rounds of two things say together."""

from __future__ import annotations

import pytest

from benchmarks.pairs import noise_line, noise_of, pairs


def test_the_median_of_the_rounds_own_ratios() -> None:
    """A machine that is slow for a round slows both down, and the ratio stays."""
    found = pairs([2.0, 6.0, 2.2], [1.0, 3.0, 1.0])
    assert (found.ratio, found.smallest, found.largest) == (2.0, 2.0, 2.2)
    assert found.spread == pytest.approx(0.1)
    assert found.as_json() == {"round_ratios": [2.0, 2.2], "noisy": False}


def test_rounds_that_contradict_each_other() -> None:
    """20 % of the median is too much; of five rounds the middle half counts."""
    assert pairs([1.0, 1.0, 1.25], [1.0, 1.0, 1.0]).noisy
    assert not pairs([0.2, 1.0, 1.0, 1.1, 9.0], [1.0] * 5).noisy
    assert pairs([0.2, 0.3, 1.0, 1.1, 9.0], [1.0] * 5).noisy
    with pytest.raises(ValueError, match="shorter"):
        pairs([1.0, 2.0], [1.0])


def test_what_is_said_of_a_run() -> None:
    """Nothing if no row compares or none is noisy; from half of the comparisons on the machine was too noisy."""
    assert noise_of([{"what": "one"}]) is None
    quiet = noise_of([{"noisy": False}, {}])
    assert quiet == {"comparisons": 1, "noisy": 0, "too_noisy": False}
    assert noise_line(quiet) is None
    some = noise_of([{"noisy": False}, {"noisy": False}, {"noisy": True}])
    assert some is not None
    assert noise_line(some) == "noise: 1 of 3 comparisons differ by 20 % or more between rounds"
    loud = noise_of([{"noisy": True}, {"noisy": False}])
    assert loud is not None and str(noise_line(loud)).startswith("the machine was too noisy: 1 of 2 comparisons")
