"""The Starlette application: the page, its events, the picture, and JSON for scripts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from edge.sinks.web.access import Access
from edge.sinks.web.events import Limited, events_application
from edge.sinks.web.feed import Feed
from edge.sinks.web.page_data import describe_model, describe_now
from edge.sinks.web.picture import Pictures
from edge.statistics import StreamStatistics

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

VIEWERS = 16
"""The most pages that may be open at the same time; the next one gets the answer 503 and tries again."""
PICTURES = 32
"""The most requests for a picture that are answered at the same time; the next one gets the answer 503."""

_PICTURE_WAIT_S = 5.0  # after this time a request for the next picture is answered without one

_PARTS = Path(__file__).parent
_FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/details.js": ("details.js", "text/javascript"),
    "/timeline.js": ("timeline.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_PUBLIC = {"/page.css", "/icon.svg"}  # the form for the token needs them
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_application(feed: Feed, statistics: StreamStatistics, token: str | None, port: int) -> Starlette:
    """The application that shows ``feed`` and ``statistics`` on ``port``; with ``token``, requests must give it."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route, request_response

    pictures = Pictures(feed)

    async def picture(request: Request) -> Response:
        shown = request.query_params.get("shown", "")
        made = await pictures.other(int(shown) if shown.isdecimal() and len(shown) < 20 else None, _PICTURE_WAIT_S)
        if made is None:
            return Response(status_code=204)
        age_ms = 1000 * (time.monotonic() - made.timestamp_s)
        headers = {"X-Frame-Sequence": str(made.sequence), "X-Frame-Age-Ms": f"{age_ms:.0f}"}
        return Response(made.jpeg, media_type="image/jpeg", headers=headers)

    async def observation(request: Request) -> Response:
        model = feed.newest and describe_model(feed.newest.model)
        return JSONResponse({**describe_now(feed, statistics), "model": model})

    async def health(request: Request) -> Response:
        state = feed.state()
        return JSONResponse({"state": state}, status_code=200 if state == "live" else 503)

    def part(path: str) -> Route:
        name, media_type = _FILES[path]
        content = (_PARTS / name).read_bytes()

        async def serve(request: Request) -> Response:
            return Response(content, media_type=media_type)

        return Route(path, serve)

    return Starlette(
        routes=[
            *map(part, _FILES),
            Route("/picture.jpg", Limited(request_response(picture), PICTURES), methods=["GET"]),
            Route("/events", Limited(events_application(feed, statistics), VIEWERS), methods=["GET"]),
            Route("/observation.json", observation),
            Route("/health", health),
        ],
        middleware=[Middleware(_Guard, access=Access(token, port))],
    )


class _Guard:
    """Passes a request on, or refuses it with one line; adds the same headers to every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.requests import Request

        request = Request(scope)
        gives_token = self._access.is_token(request.query_params.get("token", ""))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = dict(_HEADERS)
                if gives_token:
                    cookie = f"{self._access.cookie_name}={self._access.cookie}"
                    headers["Set-Cookie"] = f"{cookie}; Path=/; HttpOnly; SameSite=Strict"
                message["headers"] += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            await send(message)

        app = self._refusal(request) or self._app
        await app(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        from starlette.responses import HTMLResponse, PlainTextResponse

        if not self._access.admits_host(request.headers.get("host", "")):
            return PlainTextResponse("open this page under the name localhost\n", status_code=421)
        path = request.url.path
        if path in _PUBLIC or self._access.admits(request.headers, request.query_params, request.cookies):
            return None
        challenge = {"WWW-Authenticate": "Bearer"}
        if path == "/":
            page = (_PARTS / "token.html").read_text(encoding="utf-8")
            return HTMLResponse(page, status_code=401, headers=challenge)
        return PlainTextResponse(
            "the token is missing; send the header Authorization: Bearer TOKEN\n", status_code=401, headers=challenge
        )
