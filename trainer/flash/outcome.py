"""What became of one target."""

from __future__ import annotations

from typing import Any, NamedTuple

from edge.errors import EdgeError, UnavailableError

FLASHED = "flashed"
UNCHANGED = "unchanged"
WOULD_FLASH = "would flash"
ROLLED_BACK = "rolled back"
FAILED = "failed"
NOT_STARTED = "not started"

GOOD = (FLASHED, UNCHANGED, WOULD_FLASH, ROLLED_BACK)


class Outcome(NamedTuple):
    """``state`` is one of this module's constants; ``detail`` says more in one line, how to mend it where it failed.

    ``current`` is the sha256 of the model that the device labels with, ``previous`` of the one before; None where that
    is not known. Of the upload ``sent_bytes`` went over the connection and ``resumed_bytes`` were there already.
    """

    target: str
    state: str
    detail: str = ""
    exit_code: int = 0
    current: str | None = None
    previous: str | None = None
    sent_bytes: int = 0
    resumed_bytes: int = 0
    duration_s: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the target is as it was asked to be."""
        return self.state in GOOD

    @classmethod
    def failed(cls, target: str, error: EdgeError, duration_s: float) -> Outcome:
        """The outcome of a target that ``error`` ended."""
        return cls(target, FAILED, " ".join(str(error).split()), error.exit_code, duration_s=duration_s)

    def facts(self) -> dict[str, Any]:
        """The fields, for ``--json``."""
        return {**self._asdict(), "duration_s": round(self.duration_s, 3)}


def exit_code(outcomes: list[Outcome]) -> int:
    """0 where all are good; 69 where a target was unavailable or not reached; else the first failure's code."""
    codes = [outcome.exit_code for outcome in outcomes if not outcome.good]
    return UnavailableError.exit_code if UnavailableError.exit_code in codes else next(iter(codes), 0)
