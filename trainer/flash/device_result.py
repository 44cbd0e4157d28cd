"""The result of a flash or a rollback for one target."""

from __future__ import annotations

from typing import Any, NamedTuple

from edge.errors import EdgeError

FLASHED = "flashed"
UNCHANGED = "unchanged"
WOULD_FLASH = "would flash"
ROLLED_BACK = "rolled back"
FAILED = "failed"
NOT_STARTED = "not started"

_SUCCESSES = (FLASHED, UNCHANGED, WOULD_FLASH, ROLLED_BACK)


class DeviceResult(NamedTuple):
    """``state`` is one of this module's constants. ``detail`` says more in one line; for a failure, how to fix it.

    ``current`` is the sha256 of the device's current model, ``previous`` that of its previous one; None if not known.
    ``sent_bytes`` of the upload went over the connection; ``resumed_bytes`` were already on the device.
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
    def succeeded(self) -> bool:
        """Whether the target is now as the command wants it to be."""
        return self.state in _SUCCESSES

    @classmethod
    def failed(cls, target: str, error: EdgeError, duration_s: float) -> DeviceResult:
        """The result of a target that stopped with ``error``."""
        detail = " ".join(str(error).split())
        return cls(target, FAILED, detail, exit_code=error.exit_code, duration_s=duration_s)

    def record(self) -> dict[str, Any]:
        """The fields, for ``--json``."""
        return {**self._asdict(), "duration_s": round(self.duration_s, 3)}
