"""Values read from JSON: whether they are what they should be."""

from __future__ import annotations

import math
from typing import Any


def is_number(value: Any) -> bool:
    """Whether ``value`` is a number, finite or not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """Whether ``value`` is a number, and finite."""
    return is_number(value) and math.isfinite(value)


def is_count(value: Any) -> bool:
    """Whether ``value`` is a whole number from 0 on."""
    return isinstance(value, int) and is_number(value) and value >= 0
