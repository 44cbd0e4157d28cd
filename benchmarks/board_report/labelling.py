"""Labels beside marks: each covers nothing, or as little as possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from benchmarks.board_report.drawing import INK

LABEL_SIZE = 8
"""Height of a label in points."""

_OFFSETS = {"i": (0.0, 0.0), "b": (0.0, -1.0), "a": (0.0, 1.0), "l": (-1.0, 0.0), "r": (1.0, 0.0), "q": (-1.0, 0.7)}
_LETTER = 0.62  # width of a letter, in heights


class Label(NamedTuple):
    """``text`` for the mark at (``x``, ``y``), whose radius is given in points."""

    x: float
    y: float
    text: str
    radius: float


class _Box(NamedTuple):
    """A rectangle in points: left, bottom, right, top."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )

    def within(self, frame: _Box) -> bool:
        wide = frame.left <= self.left and self.right <= frame.right
        return wide and frame.bottom <= self.bottom and self.top <= frame.top


def place_labels(axes: Axes, labels: Sequence[Label], sides: str, inside: str = INK) -> None:
    """Write each label on the first of ``sides`` on which it covers no earlier label and no other mark.

    A side is a letter: ``i`` inside, ``b`` below, ``a`` above, ``l`` left, ``r`` right, ``q`` above to the
    left. If every side covers something, a label may cover a mark; a label that would cover another label
    is not written. ``inside`` is the colour of labels inside their mark. The axes must have their final
    limits.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # only then is the axes' place in the figure known
    points = 72 / figure.dpi
    extent = axes.get_window_extent()
    frame = _Box(extent.x0 * points, extent.y0 * points, extent.x1 * points, extent.y1 * points)
    places = [axes.transData.transform((label.x, label.y)) * points for label in labels]
    marks = [_box(x, y, 2 * label.radius, 2 * label.radius) for (x, y), label in zip(places, labels, strict=True)]
    written: list[_Box] = []
    for place, (label, (x, y)) in enumerate(zip(labels, places, strict=True)):
        options = [(side, *_beside(x, y, label, side)) for side in sides if side != "i" or _fits_inside(label)]
        free = [o for o in options if o[3].within(frame) and not any(o[3].meets(box) for box in written)]
        others = marks[:place] + marks[place + 1 :]
        clear = [option for option in free if not any(option[3].meets(mark) for mark in others)]
        for side, right, up, box in (clear or free)[:1]:
            written.append(box)
            axes.annotate(
                label.text,
                (label.x, label.y),
                (right, up),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=LABEL_SIZE,
                color=inside if side == "i" else INK,
                zorder=5,
            )


def _beside(x: float, y: float, label: Label, side: str) -> tuple[float, float, _Box]:
    """The offset of the label's middle from the mark's, in points, and the area that it will cover."""
    right, up = _OFFSETS[side]
    wide = _width(label)
    shift_x, shift_y = right * (label.radius + wide / 2 + 2.5), up * (label.radius + LABEL_SIZE / 2 + 2)
    return shift_x, shift_y, _box(x + shift_x, y + shift_y, wide, LABEL_SIZE)


def _box(x: float, y: float, wide: float, high: float) -> _Box:
    return _Box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


def _width(label: Label) -> float:
    return _LETTER * LABEL_SIZE * len(label.text)


def _fits_inside(label: Label) -> bool:
    return 2 * label.radius >= _width(label) + 3
