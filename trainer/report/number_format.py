"""The numbers of the report as text: few digits, always with their unit."""

from __future__ import annotations

import json
from typing import Any

from trainer.evaluation.interval import Interval

_LONGEST_VALUE = 200  # characters


def percent(share: float | None, digits: int = 1) -> str:
    """``share`` (0 to 1) in percent, ``-`` for None."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def percent_interval(interval: Interval) -> str:
    """An interval of shares (0 to 1) in percent."""
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %"


def megabytes(size_bytes: int) -> str:
    """A file's size in units of 10 ** 6 bytes."""
    return f"{size_bytes / 1e6:.2f} MB"


def counted(number: int, noun: str) -> str:
    """``number`` with its noun in singular or plural: ``1 photo``, ``1,500 photos``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def one_line(value: Any) -> str:
    """A value of a manifest as one line of at most 200 characters."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
