"""How long to wait before a source that failed is tried again."""

from __future__ import annotations

import random

FIRST_S = 0.5
"""The longest wait after a first failure, in seconds."""

CAP_S = 10.0
"""The longest wait after any number of failures, in seconds: so soon is a camera that came back seen again."""


class Backoff:
    """Waits that double from failure to failure up to a cap, each shortened at random by up to a half.

    The chance keeps a dozen devices that lost the same camera from knocking at it in step.
    """

    def __init__(self, first_s: float = FIRST_S, cap_s: float = CAP_S, seed: int | None = None) -> None:
        """Waits from ``first_s`` to ``cap_s`` seconds; the same ``seed`` gives the same waits."""
        self.cap_s = cap_s
        self._first_s = first_s
        self._random = random.Random(seed)
        self._longest_s = first_s

    def next_s(self) -> float:
        """The seconds to wait now, after one more failure."""
        longest_s = min(self._longest_s, self.cap_s)
        self._longest_s = min(2 * longest_s, self.cap_s)
        return longest_s * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start with short waits again: the source works."""
        self._longest_s = self._first_s
