"""How long to wait before a source that failed is opened again."""

from __future__ import annotations

import random

FIRST_S = 0.5
"""The longest wait after a first failure, in seconds."""

CAP_S = 10.0
"""The longest wait after any number of failures, in seconds: a camera that is back is found within this time."""


class Backoff:
    """Waits that double from failure to failure up to a cap. Each is shortened at random by up to a half.

    Because of the random part, devices that lost the same camera at the same time do not try it again at the same time.
    """

    def __init__(self, *, first_s: float = FIRST_S, cap_s: float = CAP_S, seed: int | None = None) -> None:
        """Wait from ``first_s`` up to ``cap_s`` seconds; the same ``seed`` gives the same waits."""
        self.cap_s = cap_s
        self._first_s = first_s
        self._random = random.Random(seed)
        self._longest_s = first_s

    def next_s(self) -> float:
        """The seconds to wait after one more failure."""
        longest_s = min(self._longest_s, self.cap_s)
        self._longest_s = min(2 * longest_s, self.cap_s)
        return longest_s * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start with short waits again, because the source works."""
        self._longest_s = self._first_s
