"""Requests that change something come from our own pages, or from programs that are not browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.serving.answers import error_answer
from edge.sinks.web.same_origin import is_of_another_site

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_READING = ("GET", "HEAD", "OPTIONS")


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
