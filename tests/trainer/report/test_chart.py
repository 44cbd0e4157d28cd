"""The charts of the report."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.report.chart import HEIGHT, WIDTH, Axes, round_ticks, upright


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 41, [0, 10, 20, 30, 40]),
        (0.3, 1, [0.4, 0.6, 0.8, 1]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 1.64, [0, 0.5, 1, 1.5]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    """Ticks are multiples of 1, 2 or 5 times a power of ten."""
    assert round_ticks(low, high) == pytest.approx(ticks)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_and_inside(low: float, width: float) -> None:
    """Each axis has two to seven numbers, and none is outside."""
    high = low + width
    if high - low < abs(low) * 1e-9:
        return
    ticks = round_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    slack = 1e-6 * width + 1e-9 * abs(low)
    assert all(low - slack <= tick <= high + slack for tick in ticks)


def test_axes_turn_values_into_pixels() -> None:
    """Low values are left and below, high values right and above, all inside the chart."""
    axes = Axes(0, 10, 0.5, 1)
    assert 0 < axes.x(0) < axes.x(10) < WIDTH
    assert 0 < axes.y(1) < axes.y(0.5) < HEIGHT
    assert math.isclose(axes.x(5), (axes.x(0) + axes.x(10)) / 2)


def test_upright_line_has_its_ends() -> None:
    """It goes from the lower to the upper end, at one place."""
    axes = Axes(0, 10, 0, 1)
    drawn = upright(axes, 5, (0.25, 0.75), "span")
    assert drawn == f'<path class="span" d="M{axes.x(5):.1f} {axes.y(0.25):.1f}V{axes.y(0.75):.1f}"/>'
