"""The exit code of a command that worked on several targets."""

from __future__ import annotations

from collections.abc import Sequence

from edge.errors import UnavailableError
from trainer.flash.device_result import DeviceResult


def exit_code_of(results: Sequence[DeviceResult]) -> int:
    """0 if all succeeded; 69 if a target was unavailable or not started; else the code of the first failure."""
    codes = [result.exit_code for result in results if not result.succeeded]
    return UnavailableError.exit_code if UnavailableError.exit_code in codes else next(iter(codes), 0)
