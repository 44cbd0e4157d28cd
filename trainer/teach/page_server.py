"""The server of a session's page, which is a sink of the stream too."""

from __future__ import annotations

import asyncio
import socket

from edge.sinks.http_server import HttpServer, listen
from edge.sinks.make_sinks import Address
from edge.sinks.web.access import is_loopback
from edge.sinks.web.feed import Feed
from edge.sinks.web.sink import check_page, page_url
from edge.statistics import StreamStatistics
from edge.types import Observation
from trainer.teach.session import Session


class PageServer:
    """Serves the page from :meth:`serve` on, with or without a stream; as a sink it shows the newest frame."""

    name = "web"

    def __init__(self, address: Address, token: str | None, statistics: StreamStatistics) -> None:
        """Listen on ``address``, a host and a port (0: any free one); with a ``token``, requests must give it.

        Raises what :func:`edge.sinks.web.sink.check_page` and :func:`edge.sinks.http_server.listen` raise.
        """
        host, port = address
        check_page(host, token, extra="teach")
        self._listener = listen(host, port, "--web")
        self._host, self.port = host, self._listener.getsockname()[1]
        self._token, self._statistics = token, statistics
        self._feed = Feed()
        self._server: HttpServer | None = None

    @property
    def url(self) -> str:
        """The address of the page for this machine, without the token."""
        return page_url("127.0.0.1" if self._host in ("0.0.0.0", "::") else self._host, self.port)

    @property
    def hint(self) -> str:
        """How another machine opens the page, in one line."""
        name = socket.gethostname()
        if is_loopback(self._host):
            return (
                f"from another machine: ssh -L {self.port}:127.0.0.1:{self.port} USER@{name}, and the same address "
                f"there; or start with --web 0.0.0.0:{self.port} --web-token TOKEN"
            )
        return f"from another machine: {page_url(name, self.port)}?token=TOKEN"

    def serve(self, session: Session) -> None:
        """Serve the page of ``session``."""
        from trainer.teach.web.application import make_teach_application

        def attach(loop: asyncio.AbstractEventLoop) -> None:
            self._feed.attach(loop)
            session.attach(loop)

        application = make_teach_application(session, self._feed, self._statistics, self._token, self.port)
        self._server = HttpServer(application, self._listener, self.name, on_start=attach, on_end=self._feed.close)

    def open(self) -> None:
        """Nothing to do: the page is served before there is a frame."""

    def write(self, observation: Observation) -> None:
        """Show ``observation``."""
        self._feed.put(observation)

    def close(self) -> None:
        """End the server within a second."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self._listener.close()
