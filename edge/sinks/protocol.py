"""The protocol of a sink of observations: any number of sinks can take the labels of one stream."""

from __future__ import annotations

from typing import Protocol

from edge.types import Observation


class ObservationSink(Protocol):
    r"""Takes the observations of a stream: one for each labelled frame.

    A class with this attribute and these three methods is a sink; it need not inherit from this one.

    ::

        class LogFile:  # adds a line to a file when the label changes
            name = "log"

            def open(self) -> None:
                self._label = None

            def write(self, observation: Observation) -> None:
                if observation.label != self._label:
                    self._label = observation.label
                    with open("labels.txt", "a") as file:
                        file.write(f"{observation.time_s:.3f} {observation.label} {observation.score:.2f}\n")

            def close(self) -> None:
                pass

    A sink has a thread and a queue of its own, and may be slow: neither the stream nor another sink waits for it. If
    its queue is full, the oldest observation in it is dropped and counted. So a sink that needs the moment of a
    change compares labels itself; ``changed`` may belong to an observation that was dropped.

    An exception from :meth:`open` or :meth:`write` is counted and printed as a message, and the sink continues with the
    next observation. It stops neither the stream nor another sink.

    The queue has 8 places. The queue of a class with ``long_queue = True`` has 100, and its observations come without
    pixels: ``observation.frame.pixels`` has shape (0, 0, 3).
    """

    name: str
    """The name of the sink in messages and counts. No two sinks of a stream have the same name."""

    def open(self) -> None:
        """Connect, or get ready, on the sink's own thread. After a failure it is called again later."""

    def write(self, observation: Observation) -> None:
        """Take one observation.

        Raises :class:`SinkClosed` if its reader has gone for good.
        """

    def close(self) -> None:
        """Release everything within a second. It is called once, also if :meth:`open` failed."""


class SinkClosed(Exception):
    """The reader has gone for good, such as the program behind a pipe. The sink gets no more observations."""
