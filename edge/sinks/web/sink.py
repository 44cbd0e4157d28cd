"""The web preview as a sink of observations."""

from __future__ import annotations

import time

from edge.distribution import install_command
from edge.errors import ConfigurationError, UsageError
from edge.sinks.http_server import HttpServer, listen
from edge.sinks.web.access import WEB_TOKEN_VARIABLE, is_loopback
from edge.sinks.web.feed import Feed
from edge.sinks.web.framing import frame_ancestors
from edge.statistics import StreamStatistics
from edge.types import Observation

_TRY_AGAIN_S = 10.0  # after this time a port that was in use is tried again


def check_page(host: str, token: str | None, *, extra: str = "web") -> None:
    """Check that a page with the camera's picture may be served on ``host`` with ``token``.

    ``extra`` is the extra with the packages of the page.

    Raises :class:`~edge.errors.UsageError` if other machines could open the page without a token, and
    :class:`~edge.errors.ConfigurationError` if the extra is not installed.
    """
    from importlib.util import find_spec

    if token is not None and not token.strip():
        raise UsageError("the token of the web preview is empty; give --web-token TOKEN with at least one character")
    if token is None and not is_loopback(host):
        raise UsageError(
            f"{host} would show the camera to other machines; give --web-token TOKEN, or set {WEB_TOKEN_VARIABLE}"
        )
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise ConfigurationError(f"the web preview needs more packages: {install_command(extra)}")


def page_url(host: str, port: int) -> str:
    """The address of a page on ``host`` and ``port``, without its token."""
    return f"http://{f'[{host}]' if ':' in host.strip('[]') and not host.startswith('[') else host}:{port}/"


class WebSink:
    """Shows the stream on a web page.

    The sink only stores the newest observation. All other work is done on the server's thread, and pictures are encoded
    only while a page is open.
    """

    name = "web"

    def __init__(
        self,
        host: str,
        port: int,
        statistics: StreamStatistics,
        *,
        token: str | None,
        framed_by: tuple[str, ...] = (),
    ) -> None:
        """Serve on ``host`` and ``port`` (0: any free one). If there is a ``token``, requests must give it.

        Pages of the origins ``framed_by`` may show the page in a frame.

        Raises what :func:`check_page` and :func:`edge.sinks.web.framing.frame_ancestors` raise.
        """
        check_page(host, token)
        self._framed_by = frame_ancestors(framed_by)
        self._host, self._port, self._token = host, port, token
        self._statistics = statistics
        self._feed = Feed()
        self._server: HttpServer | None = None
        self._try_at_s = 0.0

    @property
    def url(self) -> str:
        """The address of the page, without the token; when the sink is open, with the real port."""
        return page_url(self._host, self._port)

    def open(self) -> None:
        """Start the server.

        Raises :class:`~edge.errors.UnavailableError` and :class:`~edge.errors.ConfigurationError` if it cannot listen
        on the port.
        """
        from edge.sinks.web.application import make_application

        self._try_at_s = time.monotonic() + _TRY_AGAIN_S
        listener = listen(self._host, self._port, "--web")
        self._port = listener.getsockname()[1]
        application = make_application(self._feed, self._statistics, self._token, self._port, self._framed_by)
        feed = self._feed
        self._server = HttpServer(application, listener, self.name, on_start=feed.attach, on_end=feed.close)

    def write(self, observation: Observation) -> None:
        """Show ``observation``. If :meth:`open` failed, try it again, every ten seconds."""
        if self._server is None and time.monotonic() >= self._try_at_s:
            self.open()
        self._feed.put(observation)

    def close(self) -> None:
        """End the server within a second. Open pages show that they are reconnecting."""
        if self._server is not None:
            self._server.close()
            self._server = None
