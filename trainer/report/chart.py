"""Small charts as inline SVG: axes with round numbers, lines, bars and dots, coloured by the page's style sheet."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 440, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 30, 46
_PALEST = 0.25  # opacity of a bar of weight 0
_TICKS = 5

Point = tuple[float, float]
FormatNumber = Callable[[float], str]


class Axes(NamedTuple):
    """The lowest and highest values that a chart shows, in the units of its data."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        """The distance of ``value`` from the left edge, in pixels of the chart."""
        return _LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """The distance of ``value`` from the upper edge, in pixels of the chart."""
        return HEIGHT - _BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (HEIGHT - _TOP - _BOTTOM)


def round_ticks(low: float, high: float) -> list[float]:
    """About five round numbers (1, 2 or 5 times a power of ten apart) from ``low`` to ``high``."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [place * step for place in range(first, math.floor(high / step + 1e-9) + 1)]


def draw_axes(axes: Axes, *, x: tuple[str, FormatNumber], y: tuple[str, FormatNumber]) -> str:
    """Lines, numbers and names of both axes; ``x`` and ``y`` are the name of each and the format of its numbers."""
    (x_name, format_x), (y_name, format_y) = x, y
    parts = []
    bottom = HEIGHT - _BOTTOM
    for value in round_ticks(axes.y_low, axes.y_high):
        height = axes.y(value)
        parts.append(f'<path class="rule" d="M{_LEFT} {height:.1f}H{WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 7}" y="{height + 4:.1f}" text-anchor="end">{format_y(value)}</text>')
    for value in round_ticks(axes.x_low, axes.x_high):
        parts.append(f'<text x="{axes.x(value):.1f}" y="{bottom + 18}" text-anchor="middle">{format_x(value)}</text>')
    centre = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(f'<path class="axis" d="M{_LEFT} {bottom}H{WIDTH - _RIGHT}"/>')
    parts.append(f'<text class="name" x="{centre:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{x_name}</text>')
    parts.append(f'<text class="name" x="4" y="14">{y_name}</text>')
    return "\n".join(parts)


def line(axes: Axes, points: Iterable[Point], style: str) -> str:
    """A line through ``points``."""
    places = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
    return f'<polyline class="{style}" points="{places}"/>'


def bar(axes: Axes, sides: tuple[float, float], height: float, *, style: str, tip: str, weight: float) -> str:
    """A bar from 0 to ``height`` between its left and right ``sides``, paler for a smaller ``weight`` (0 to 1).

    The browser shows ``tip`` when the mouse is over the bar.
    """
    x, y = axes.x(sides[0]), axes.y(height)
    width, opacity = max(axes.x(sides[1]) - x - 2, 1), _PALEST + (1 - _PALEST) * weight**0.5
    return (
        f'<rect class="{style}" x="{x + 1:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{axes.y(0) - y:.1f}" opacity="{opacity:.2f}">'
        f"<title>{html.escape(tip)}</title></rect>"
    )


def upright(axes: Axes, x: float, ends: tuple[float, float], style: str) -> str:
    """An upright line at ``x`` between its lower and upper ``ends``."""
    place = axes.x(x)
    return f'<path class="{style}" d="M{place:.1f} {axes.y(ends[0]):.1f}V{axes.y(ends[1]):.1f}"/>'


def dot(axes: Axes, at: Point, style: str, tip: str) -> str:
    """A dot ``at`` a point. The browser shows ``tip`` when the mouse is over it."""
    x, y = axes.x(at[0]), axes.y(at[1])
    return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{html.escape(tip)}</title></circle>'


def chart(parts: Sequence[str], name: str, description: str) -> str:
    """The SVG element of ``parts``; screen readers read ``name`` and ``description``."""
    label = html.escape(f"{name}. {description}", quote=True)
    body = "\n".join(parts)
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">\n{body}\n</svg>'


def whisker(share: float, low: float, high: float, description: str) -> str:
    """A share (0 to 1) and its interval, from ``low`` to ``high``, on a line as wide as a cell of a table."""
    return (
        f'<svg class="whisker" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{html.escape(description, quote=True)}">'
        f'<path class="track" d="M0 4H100"/><path class="reach" d="M{100 * low:.1f} 4H{100 * high:.1f}"/>'
        f'<path class="here" d="M{100 * share:.1f} 0V8"/></svg>'
    )
