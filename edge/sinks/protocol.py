"""What a sink of observations is: one small protocol, so that any number of them can listen to a stream."""

from __future__ import annotations

from typing import Protocol

from edge.types import Observation


class ObservationSink(Protocol):
    """Takes what is said of a stream. It runs on a thread of its own and may be slow: nobody waits for it.

    An exception out of :meth:`open` or :meth:`write` is counted and told, and the sink goes on with the next
    observation; it never reaches the stream or another sink.
    """

    name: str

    def open(self) -> None:
        """Connect or make ready; called once, on the sink's own thread."""

    def write(self, observation: Observation) -> None:
        """Take one observation."""

    def close(self) -> None:
        """Let go of everything within a second; called once, also after a failed :meth:`open`."""
