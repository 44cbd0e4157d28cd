"""What a sink of observations is: one small protocol, so that any number of them can listen to a stream."""

from __future__ import annotations

from typing import Protocol

from edge.types import Observation


class ObservationSink(Protocol):
    """Takes what is said of a stream. It runs on a thread of its own and may be slow: nobody waits for it.

    An exception out of :meth:`open` or :meth:`write` is counted and told, and the sink goes on with the next
    observation; it never reaches the stream or another sink. It may miss observations: what it has to notice,
    such as another label, it compares itself.

    A sink whose class says ``keeps_record = True`` misses less: a hundred observations wait for it instead of a
    few, without the pixels of their frames.
    """

    name: str

    def open(self) -> None:
        """Connect or make ready, on the sink's own thread; called again, later, after it failed."""

    def write(self, observation: Observation) -> None:
        """Take one observation.

        Raises :class:`SinkClosed` where there is nobody left to write to, now or later.
        """

    def close(self) -> None:
        """Let go of everything within a second; called once, also after a failed :meth:`open`."""


class SinkClosed(Exception):
    """The reader has gone for good, such as the program behind a pipe; the sink is given nothing more."""
