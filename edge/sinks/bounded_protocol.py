"""How an HTTP server reads requests and writes answers: uvicorn's protocol, with limits for connections and times."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 10.0
"""The longest time from the start of a connection, or from its last answer, to the end of its next request, in s."""
BODY_BYTES = 256 << 10
"""A request whose body goes on may take :data:`REQUEST_S` more for each such number of bytes that has come."""
UNREAD_S = 15.0
"""The longest time for which the other end may take no data of an answer, in seconds."""


def bounded_protocol(most: int) -> type[H11Protocol]:
    """A class of protocols for uvicorn; at most ``most`` connections are open at the same time.

    It is made of that of h11, which limits the head of a request to 16 KiB. docs/adr/0024 says why not of httptools.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class BoundedProtocol(H11Protocol):
        """Limits what uvicorn does not: connections without a request, and times that a client makes long.

        ``waiting`` is the timer of a connection that has no whole request to answer; it is set again only by a large
        part of a body. ``come`` counts the bytes since then. ``unread`` is the timer of one whose answer is not taken.
        ``half_closed``: the client sends no more, and waits for its answer.
        """

        waiting: asyncio.TimerHandle | None = None
        come = 0
        unread: asyncio.TimerHandle | None = None
        half_closed = False

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._set_waiting()
            if len(self.connections) > most:
                self._make_room()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.come += len(data)
            if self.come >= BODY_BYTES:  # a head is never that large
                _cancel(self.waiting)
                self.waiting = None
            self._set_waiting()

        def eof_received(self) -> bool:  # type: ignore[override]
            """Whether the connection stays open: for an answer that was not begun. Streams have no end to wait for."""
            self.half_closed = self._is_answering() and not self.cycle.response_started
            return self.half_closed

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.half_closed and not self._is_answering():
                self.transport.close()
            self._set_waiting()

        def pause_writing(self) -> None:
            super().pause_writing()
            self.unread = self.loop.call_later(UNREAD_S, self.transport.abort)

        def resume_writing(self) -> None:
            _cancel(self.unread)
            super().resume_writing()

        def connection_lost(self, exc: Exception | None) -> None:
            _cancel(self.waiting, self.unread)
            super().connection_lost(exc)

        def _is_answering(self) -> bool:
            """Whether there is a whole request without its whole answer."""
            return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

        def _set_waiting(self) -> None:
            if self._is_answering():
                _cancel(self.waiting)
                self.waiting = None
            elif self.waiting is None and not self.transport.is_closing():
                self.waiting = self.loop.call_later(REQUEST_S, self.transport.abort)
                self.come = 0

        def _make_room(self) -> None:
            """Close the connection that has waited longest, so that slow clients lock no other out."""
            others: list[Any] = [one for one in self.connections if one is not self]
            waiting = [one for one in others if one.waiting is not None]
            closed = min(waiting, key=lambda one: one.waiting.when()) if waiting else self
            self.connections.discard(closed)
            closed.transport.abort()

    return BoundedProtocol


def _cancel(*timers: asyncio.TimerHandle | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()
