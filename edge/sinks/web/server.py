"""The HTTP server: uvicorn on a thread of its own, with a limited number of connections."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from typing import TYPE_CHECKING, Any

from edge.errors import ConfigurationError, UnavailableError
from edge.sinks.web.feed import Feed

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 64
"""The most connections at the same time; the next one is closed immediately."""

_SILENT_S = 10  # a connection without a request is closed after this time
_UNREAD_MS = 15_000  # and one whose other end reads nothing after this time


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host`` and ``port``; 0 means any free port.

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
            raise UnavailableError(f"port {port} is used by another program; choose another with --web") from None
        if error.errno == errno.EACCES:
            raise ConfigurationError(f"only root may use port {port}; choose one from 1024 on with --web") from None
        reason = error.strerror or error
        raise UnavailableError(f"cannot listen on {host} ({reason}); give an address of this machine") from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
    return listener


class Server:
    """Serves an application until it is closed."""

    def __init__(self, application: Starlette, feed: Feed, listener: socket.socket) -> None:
        """Start to serve ``application`` on ``listener``; viewers wait on ``feed``."""
        import uvicorn

        self._feed = feed
        self._listener = listener
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                http=_bounded_protocol(),
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",  # no message about a bad request of another program
                access_log=False,  # it would hold tokens
                server_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=1,
            )
        )
        self._loop = asyncio.new_event_loop()
        feed.attach(self._loop)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End within a second, even if pages are open."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(timeout=1)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._server.serve(sockets=[self._listener]))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()

    def _end(self) -> None:
        self._feed.close()
        self._server.should_exit = True
        for connection in list(self._server.server_state.connections):
            transport: Any = connection.transport
            transport.abort()  # a graceful end would wait for a viewer that does not read


def _bounded_protocol() -> type[H11Protocol]:
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class BoundedProtocol(H11Protocol):
        """uvicorn limits the running requests; this limits all connections, those without a request too."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._silence = self.loop.call_later(_SILENT_S, self._end_silence)
            if len(self.connections) > CONNECTIONS:
                transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            self._silence.cancel()
            super().connection_lost(exc)

        def _end_silence(self) -> None:
            if self.cycle is None:
                self.transport.abort()

    return BoundedProtocol
