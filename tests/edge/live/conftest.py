"""Grabbers for the tests of streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge.backoff import Backoff
from edge.live.grabber import Grabber
from edge.statistics import StreamStatistics
from support.grabbing import PATIENCE_S, Messages


@pytest.fixture
def messages() -> Messages:
    """The messages of the grabber."""
    return Messages()


@pytest.fixture
def grab(messages: Messages) -> Iterator[Callable[..., Grabber]]:
    """Start a grabber of a source, with short waits; it is stopped after the test."""
    started: list[Grabber] = []

    def start(source: Any, statistics: StreamStatistics | None = None, **options: Any) -> Grabber:
        settings = {
            "max_frame_age_s": PATIENCE_S,
            "backoff": Backoff(first_s=0.01, cap_s=0.02, seed=0),
            "write_message": messages,
            **options,
        }
        grabber = Grabber(source, statistics or StreamStatistics(), **settings)
        grabber.start()
        started.append(grabber)
        return grabber

    yield start
    for grabber in started:
        grabber.stop()
