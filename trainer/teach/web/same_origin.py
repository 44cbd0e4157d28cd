"""Requests that change something come from our own pages, or from programs that are not browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edge.serving.answers import error_answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_READING = ("GET", "HEAD", "OPTIONS")
_PORTS = {"http": ":80", "https": ":443"}


class SameOrigin:
    """Refuses changing requests that a page of another site makes, with 403."""

    def __init__(self, app: ASGIApp) -> None:
        """Pass other requests on to ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        from starlette.datastructures import Headers

        app = self._app
        if scope["type"] == "http" and scope["method"] not in _READING and is_of_another_site(Headers(scope=scope)):
            app = error_answer(403, "a page of another site cannot change this session")
        await app(scope, receive, send)


def is_of_another_site(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a page of another site, or of another port, makes a request with ``headers``.

    Browsers give ``Sec-Fetch-Site`` to https pages and to localhost, and ``Origin`` always. Other programs give
    neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    scheme, _, host = origin.lower().partition("://")
    port = _PORTS.get(scheme, "")
    return host.removesuffix(port) != headers.get("host", "").lower().removesuffix(port) or not host
