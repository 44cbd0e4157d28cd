"""The observations of a stream for people: one line that is drawn again and again, or a line for each change."""

from __future__ import annotations

import functools
import os
import time
import unicodedata
from collections import deque

from edge.sinks.descriptor import write_all
from edge.sinks.observation_json import utc
from edge.statistics import StreamStatistics
from edge.types import Observation

_BAR = 20
_LABEL_WIDTH = 24
_COLUMNS = 80  # if a terminal does not know its width, as on a serial line
_DRAW_EVERY_S = 0.1  # faster is not readable, and the terminal may be at the end of a slow line
_RATE_OVER_S = 3.0
_TO_START, _CLEAR = "\r", "\x1b[K"


class TerminalSink:
    """On a terminal: label, score bar, frames a second and the age of the frame, in one line that is redrawn.

    If the output is not a terminal: a line for each change of the label, with the local time.
    """

    name = "terminal"

    def __init__(self, descriptor: int, statistics: StreamStatistics) -> None:
        """Write to the open file ``descriptor``, and do not close it; the frame rate comes from ``statistics``."""
        self._descriptor = descriptor
        self._statistics = statistics
        self._terminal = os.isatty(descriptor)
        self._label: str | None = None
        self._drawn_s = 0.0
        self._counts: deque[tuple[float, int]] = deque()

    def open(self) -> None:
        """Nothing to do."""

    def write(self, observation: Observation) -> None:
        """Draw the line; at most ten times a second while the label does not change."""
        changed, self._label = observation.label != self._label, observation.label
        if not self._terminal:
            if changed:
                when = utc(observation.time_s).astimezone().isoformat(timespec="seconds")
                label = _drawable(observation.label)
                write_all(self._descriptor, f"{when} {label} (score={observation.score:.5f})\n")
            return
        now_s = time.monotonic()
        if not changed and now_s - self._drawn_s < _DRAW_EVERY_S:
            return
        self._drawn_s = now_s
        columns = os.get_terminal_size(self._descriptor).columns or _COLUMNS
        line = status_line(observation, self._rate(now_s), columns)
        write_all(self._descriptor, _TO_START + line + _CLEAR)

    def close(self) -> None:
        """End the last line, so that it stays on the screen."""
        if self._terminal and self._label is not None:
            write_all(self._descriptor, "\n")

    def _rate(self, now_s: float) -> float:
        """Labelled frames per second, over the last three seconds."""
        self._counts.append((now_s, self._statistics.snapshot().frames_labelled))
        while now_s - self._counts[0][0] > _RATE_OVER_S and len(self._counts) > 2:
            self._counts.popleft()
        (first_s, first), (last_s, last) = self._counts[0], self._counts[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0


def status_line(observation: Observation, rate: float, columns: int) -> str:
    """One line of at most ``columns`` - 1 columns, so that no terminal wraps it; ``rate`` is in frames per second."""
    width = max(_widest(observation.model.labels), _width(_drawable(observation.label)))
    width = min(_LABEL_WIDTH, width)
    label = _cut(_drawable(observation.label), width)
    filled = round(_BAR * min(1.0, max(0.0, observation.score)))
    line = (
        f"{label}{' ' * (width - _width(label))} {'█' * filled}{'░' * (_BAR - filled)} {observation.score:.2f}"
        f"  {rate:.1f} fps  age {observation.frame_age_ms:.0f} ms"
    )
    return _cut(line, columns - 1)


@functools.lru_cache(maxsize=1)
def _widest(labels: tuple[str, ...]) -> int:
    """The columns of the widest of ``labels``; kept, because the line is drawn ten times a second."""
    return max(map(_width, map(_drawable, labels)), default=0)


def _drawable(text: str) -> str:
    """``text`` with ``?`` for all characters whose width is not known, those that control a terminal among them."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _width(text: str) -> int:
    """The columns of ``text`` on a terminal: by Unicode's East Asian width; combining marks take none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _cut(text: str, columns: int) -> str:
    while _width(text) > max(0, columns):
        text = text[:-1]
    return text
