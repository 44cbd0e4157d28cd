"""Calls that may wait for ever if what they test is broken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

_LIMIT_S = 60.0

Result = TypeVar("Result")


def within_limit(call: Callable[[], Result]) -> Result:
    """What ``call`` returns or raises; a failed test if it waits."""
    results: list[Result] = []
    raised: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:  # the test looks at it
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_LIMIT_S)
    assert not thread.is_alive(), "it waits"
    if raised:
        raise raised[0]
    return results[0]


def error_of(call: Callable[[], object]) -> Exception:
    """What ``call`` raises; a failed test if it raises nothing, or waits."""
    with pytest.raises(Exception) as raised:  # the test looks at it
        within_limit(call)
    return raised.value
