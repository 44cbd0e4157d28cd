"""The HTTP server of a sink: uvicorn on a thread of its own, with limits for connections and times."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable
from typing import Any

from edge.errors import ConfigurationError, UnavailableError
from edge.sinks.bounded_protocol import UNREAD_S, bounded_protocol

CONNECTIONS = 64
"""The most connections at the same time, if a server has no other limit. One more closes the one that has waited
longest for its next request."""


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
                http=bounded_protocol(connections),
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

    def call(self, what: Callable[[], object]) -> None:
        """Call ``what`` on the event loop, as soon as that gets to it."""
        with contextlib.suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(what)

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
