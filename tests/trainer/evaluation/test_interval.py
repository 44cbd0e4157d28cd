"""How sure a share is that was counted on few photos."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from trainer.evaluation.interval import wilson_interval


@given(st.integers(1, 2000), st.data())
def test_it_is_the_wilson_interval(count: int, data: st.DataObject) -> None:
    """The interval is SciPy's Wilson interval without continuity correction, and holds the share itself."""
    right = data.draw(st.integers(0, count))
    interval = wilson_interval(right, count)
    expected = binomtest(right, count).proportion_ci(0.95, "wilson")
    assert interval == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= interval.low <= right / count <= interval.high <= 1


def test_values_of_note() -> None:
    """126 of 142 lies between 82.5 and 92.9 %; five of five may still be 57 %; nothing counted says nothing."""
    assert wilson_interval(126, 142) == pytest.approx((0.8248, 0.9294), abs=1e-4)
    assert wilson_interval(5, 5) == pytest.approx((0.5655, 1.0), abs=1e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)
