"""The limits of a board: latency, file size, accuracy."""

from __future__ import annotations

import math
from typing import NamedTuple

from edge.errors import UsageError


class Budget(NamedTuple):
    """The limits of a board; None for no limit.

    ``max_latency_ms`` is the median time of one inference in milliseconds, ``max_size_kb`` the size of the file in
    1000 bytes, ``min_accuracy`` a share of photos, 0 to 1.
    """

    max_latency_ms: float | None = None
    max_size_kb: float | None = None
    min_accuracy: float | None = None

    def check(self) -> Budget:
        """Check the limits and return the budget itself.

        Raises :class:`~edge.errors.UsageError` if latency or size is not a positive number, or the accuracy is not
        0 to 1.
        """
        for name, limit in (("--max-latency-ms", self.max_latency_ms), ("--max-size-kb", self.max_size_kb)):
            if limit is not None and not 0 < limit < math.inf:
                raise UsageError(f"{name} {limit:g} is not a positive number")
        if self.min_accuracy is not None and not 0 <= self.min_accuracy <= 1:
            raise UsageError(f"--min-accuracy {self.min_accuracy:g} is not a fraction from 0 to 1, such as 0.85")
        return self

    def __str__(self) -> str:
        """The limits as options of the command line."""
        return " ".join(
            f"--{name.replace('_', '-')} {limit:g}" for name, limit in self._asdict().items() if limit is not None
        )
