"""The protocol of an action."""

from __future__ import annotations

from typing import Protocol

from edge.sinks.actions.events import Event


class Action(Protocol):
    """Does something with the events of a stream. None of its methods waits for what it does."""

    name: str
    """What it is called in counts and messages."""

    def open(self) -> None:
        """Get ready. It may be called again after a failure."""

    def take(self, event: Event) -> None:
        """Take one event."""

    def stop(self) -> None:
        """Begin to end: take no more events."""

    def close(self, timeout_s: float) -> None:
        """Release everything within ``timeout_s`` seconds. It is called once, after :meth:`stop`."""
