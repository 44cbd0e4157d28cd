"""From the scores of single frames to an answer that does not flicker."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MARGIN = 0.1
"""How far another label's smoothed score must lead before the answer changes, and how far that of the answer may
fall below the threshold before it becomes unknown.

Sensor noise (standard deviation 5 of 255) moves the lead between the two best labels of a still, undecided picture
by a standard deviation of 0.02 to 0.07 a frame (MobileNet 0.25_128 int8, 19 flower photos). The default smoothing
brings that to 0.03 and less at 5 frames a second, a third of the margin; without any, 0.1 is still more than it.
"""

_MOST = 0.5  # share of rejected frames above which the scene is a stranger; it stays one for a margin below


class Steady(NamedTuple):
    """The answer as of one frame.

    ``answer`` is the position of the label, None for unknown. ``scores`` are the smoothed scores of
    all labels: shape (labels,), float64.
    """

    answer: int | None
    scores: npt.NDArray[np.float64]


class Steadiness:
    """Smooths the scores of a stream over time and holds on to its answer until another one clearly leads.

    The scores are averaged exponentially, with weights that fall to 1/e within ``smooth_s`` seconds of the
    frames' timestamps: how long a label needs does not depend on the frame rate, and a gap in the stream makes
    what was before it count little. With ``smooth_s`` 0 each frame stands alone.
    """

    def __init__(self, smooth_s: float, score_threshold: float) -> None:
        """Start without an answer; ``score_threshold`` is the smoothed score that an answer needs."""
        self._smooth_s = smooth_s
        self._threshold = score_threshold
        self._floor = score_threshold - min(MARGIN, score_threshold / 2)  # half of a low threshold still counts
        self._smoothed: npt.NDArray[np.float64] | None = None
        self._timestamp_s = 0.0
        self._answer: int | None = None
        self._is_stranger = False

    def update(self, scores: npt.NDArray[np.float32], timestamp_s: float, rejected: bool = False) -> Steady:
        """Take the ``scores`` (labels,) of the frame grabbed at ``timestamp_s``, a monotonic time in seconds.

        While most of the recent frames were ``rejected``, weighted as their scores are, the answer is unknown.
        """
        now = np.append(scores, rejected).astype(np.float64)
        if self._smoothed is not None and self._smooth_s > 0:
            elapsed_s = max(0.0, timestamp_s - self._timestamp_s)
            weight = -math.expm1(-elapsed_s / self._smooth_s)  # 1 - exp(-dt / tau), exact for short times too
            now = self._smoothed + weight * (now - self._smoothed)
        self._smoothed, self._timestamp_s = now, timestamp_s
        strange = now[-1] + (MARGIN if self._is_stranger else 0.0)
        self._is_stranger = bool(strange > _MOST)
        self._answer = None if self._is_stranger else self._decide(now[:-1])
        return Steady(self._answer, now[:-1])

    def _decide(self, scores: npt.NDArray[np.float64]) -> int | None:
        best = int(np.argmax(scores))
        held = self._answer
        if held is not None and scores[best] - scores[held] < MARGIN and scores[held] >= self._floor:
            return held
        return best if scores[best] >= self._threshold else None
