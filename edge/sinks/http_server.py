"""The HTTP server of a sink: uvicorn on a thread of its own, with limits for connections and times."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edge.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 64
"""The most connections at the same time, if a server has no other limit. One more closes the one that has waited
longest for its next request."""

REQUEST_S = 10.0
"""The longest time from the start of a connection, or from its last answer, to the end of its next request, in s."""
BODY_BYTES = 256 << 10
"""A request whose body goes on may take :data:`REQUEST_S` more for each such number of bytes that has come."""
UNREAD_S = 15.0
"""The longest time for which the other end may take no data of an answer, in seconds."""


def listen(host: str, port: int, option: str) -> socket.socket:
    """A socket that listens on ``host`` and ``port``; 0 means any free port. ``option`` is named in errors.

    Raises :class:`~edge.errors.UnavailableError` if the port is taken or the address is not this machine's,
    :class:`~edge.errors.ConfigurationError` if only root may use the port.
    """
    address = host.strip("[]")
    try:
        listener = socket.create_server(
            (address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET, backlog=CONNECTIONS
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UnavailableError(f"port {port} is used by another program; choose another with {option}") from None
        if error.errno == errno.EACCES:
            raise ConfigurationError(f"only root may use port {port}; choose one from 1024 on with {option}") from None
        reason = error.strerror or error
        raise UnavailableError(f"cannot listen on {host} ({reason}); give an address of this machine") from None
    # Connections inherit it on Linux. Without it, an answer whose body is sent after its head takes 40 ms more. asyncio
    # sets it only for sockets that were made with the number of the protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * UNREAD_S))
    return listener


class HttpServer:
    """Serves an application until it is closed."""

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        name: str,
        *,
        connections: int = CONNECTIONS,
        on_start: Callable[[asyncio.AbstractEventLoop], None] | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        """Start to serve the ASGI ``application`` on ``listener``, on a thread called ``name``.

        ``connections`` is the most connections at the same time. ``on_start`` gets the event loop before it runs;
        ``on_end`` is called on it when the server is closed.
        """
        import uvicorn

        self._listener, self._on_end = listener, on_end
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                http=_bounded_protocol(connections),
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",  # no message about a bad request of another program
                access_log=False,  # it would hold tokens
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._loop = asyncio.new_event_loop()
        if on_start is not None:
            on_start(self._loop)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End within a second, even if requests are being answered."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(timeout=1)

    def stop_listening(self, then: Callable[[], None]) -> None:
        """Take no more connections, and call ``then`` on the event loop; connections that are open go on."""

        def stop() -> None:
            for server in getattr(self._server, "servers", ()):  # there are none before it has started
                server.close()
            then()

        self._loop.call_soon_threadsafe(stop)

    def finish(self, limit_s: float) -> None:
        """End as soon as all answers are taken, or after ``limit_s`` seconds."""

        def end() -> None:
            self._server.should_exit = True

        self._loop.call_soon_threadsafe(end)
        self._thread.join(timeout=limit_s)
        if self._thread.is_alive():
            self.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._server.serve(sockets=[self._listener]))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()

    def _end(self) -> None:
        if self._on_end is not None:
            self._on_end()
        self._server.should_exit = True
        for connection in list(self._server.server_state.connections):
            transport: Any = connection.transport
            transport.abort()  # a graceful end would wait for a viewer that does not read


def _bounded_protocol(most: int) -> type[H11Protocol]:
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class BoundedProtocol(H11Protocol):
        """Limits what uvicorn does not: connections without a request, and times that a client makes long.

        ``waiting`` is the timer of a connection that has no whole request to answer; it is set again only by a large
        part of a body. ``come`` counts the bytes since then. ``unread`` is the timer of one whose answer is not taken.
        """

        waiting: asyncio.TimerHandle | None = None
        come = 0
        unread: asyncio.TimerHandle | None = None

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


def _cancel(*timers: asyncio.TimerHandle | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()
