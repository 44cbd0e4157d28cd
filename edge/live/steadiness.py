"""From the scores of single frames to an answer that does not flicker."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MARGIN = 0.1
"""The lead in smoothed score that another label needs before the answer changes.

It is also how far the score of the answer may fall below the threshold before the answer becomes unknown.

Sensor noise (standard deviation 5 of 255) changes the scores of a still picture from frame to frame. If the picture is
undecided, the difference between its two best labels has a standard deviation of 0.02 to 0.07 (MobileNet 0.25_128 int8,
19 flower photos). At 5 frames a second the default smoothing reduces it to 0.03 or less, a third of the margin. Without
smoothing the margin is still larger than 0.07.
"""

_REJECTED_ABOVE = 0.5  # share of rejected frames above which the answer is unknown; it stays so down to MARGIN below


class SteadyAnswer(NamedTuple):
    """The answer after one frame.

    ``label_index`` is the position of the label in the model's output, None for unknown. ``scores`` are the smoothed
    scores of all labels: shape (labels,), float64.
    """

    label_index: int | None
    scores: npt.NDArray[np.float64]


class Steadiness:
    """Smooths the scores of a stream over time, and keeps its answer until another label leads by :data:`MARGIN`.

    The scores are averaged exponentially. The weight of a frame falls to 1/e in ``smooth_s`` seconds of the frames'
    timestamps, so the smoothing does not depend on the frame rate, and after a gap in the stream older frames count
    little. With ``smooth_s`` 0 there is no smoothing.
    """

    def __init__(self, *, smooth_s: float, score_threshold: float) -> None:
        """Start without an answer. ``score_threshold`` is the smoothed score that an answer needs, 0 to 1."""
        self._smooth_s = smooth_s
        self.set_threshold(score_threshold)
        self._smoothed: npt.NDArray[np.float64] | None = None
        self._timestamp_s = 0.0
        self._index: int | None = None
        self._rejected = False

    def set_threshold(self, score_threshold: float) -> None:
        """Need the smoothed score ``score_threshold``, 0 to 1, from the next frame on."""
        self._threshold = score_threshold
        # A margin below the threshold; for a threshold under 0.2, half of it.
        self._lower_threshold = score_threshold - min(MARGIN, score_threshold / 2)

    def update(self, scores: npt.NDArray[np.float32], timestamp_s: float, rejected: bool = False) -> SteadyAnswer:
        """The answer after a frame with ``scores`` (labels,), grabbed at ``timestamp_s``, a monotonic time in seconds.

        The answer is unknown while most of the recent frames are ``rejected``, weighted as their scores are; and if
        there are no labels.
        """
        now = np.append(scores, rejected).astype(np.float64)
        if self._smoothed is not None and self._smooth_s > 0:
            elapsed_s = max(0.0, timestamp_s - self._timestamp_s)
            weight = -math.expm1(-elapsed_s / self._smooth_s)  # 1 - exp(-dt / tau), exact for short times too
            now = self._smoothed + weight * (now - self._smoothed)
        self._smoothed, self._timestamp_s = now, timestamp_s
        rejected_share = now[-1] + (MARGIN if self._rejected else 0.0)
        self._rejected = bool(rejected_share > _REJECTED_ABOVE)
        self._index = None if self._rejected else self._decide(now[:-1])
        return SteadyAnswer(self._index, now[:-1])

    def _decide(self, scores: npt.NDArray[np.float64]) -> int | None:
        if not len(scores):
            return None
        best = int(np.argmax(scores))
        current = self._index
        if current is not None and scores[best] - scores[current] < MARGIN and scores[current] >= self._lower_threshold:
            return current
        return best if scores[best] >= self._threshold else None
