"""How an HTTP server reads requests and writes answers: uvicorn's protocol, with limits for connections and times."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_S = 10.0
"""The longest time from the start of a connection, or from its last answer, to the end of its next request, in s."""
BODY_BYTES = 256 << 10
"""A request whose body goes on may take :data:`REQUEST_S` more for each such number of bytes that has come."""
HEAD_BYTES = 64 << 10
"""The most bytes of the head of a request, with httptools; h11 has a limit of its own, 16 KiB."""
UNREAD_S = 15.0
"""The longest time for which the other end may take no data of an answer, in seconds."""


def bounded_protocol(most: int) -> type[HttpToolsProtocol]:
    """A class of protocols for uvicorn; at most ``most`` connections are open at the same time.

    It is made of that of httptools, a parser in C, where it is installed, and otherwise of that of h11. Both are alike
    in all that is used here.
    """

    class BoundedProtocol(_protocol()):  # type: ignore[misc]
        """Limits what uvicorn does not: connections without a request, and times that a client makes long.

        ``waiting`` is the timer of a connection that has no whole request to answer; it is set again only by a large
        part of a body. ``come`` counts the bytes since then. ``unread`` is the timer of one whose answer is not taken.
        """

        waiting: asyncio.TimerHandle | None = None
        come = 0
        unread: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
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

        def on_response_complete(self) -> None:
            super().on_response_complete()
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

        def _set_waiting(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body:
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


def _protocol() -> type[HttpToolsProtocol]:
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ModuleNotFoundError:
        from uvicorn.protocols.http.h11_impl import H11Protocol

        return H11Protocol  # type: ignore[return-value]

    class HeadLimited(HttpToolsProtocol):
        """Limits the head of a request, which httptools holds whole, however long it is.

        ``head_bytes`` counts the pieces of data that hold a part of a head, and no end of one or of a body.
        """

        in_head, head_bytes = True, 0

        def data_received(self, data: bytes) -> None:
            before = self.head_bytes + len(data) if self.in_head else 0
            self.head_bytes = before
            super().data_received(data)
            if self.in_head and self.head_bytes == before > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("Invalid HTTP request received.")

        def on_headers_complete(self) -> None:
            self.in_head, self.head_bytes = False, 0
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self.in_head, self.head_bytes = True, 0
            super().on_message_complete()

    return HeadLimited


def _cancel(*timers: asyncio.TimerHandle | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()
