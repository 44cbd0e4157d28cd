"""The Starlette application: the page, its events, the picture, and JSON for scripts."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.sinks.web.access import Access
from edge.sinks.web.events import Limited, events_application, stream_events
from edge.sinks.web.feed import Feed
from edge.sinks.web.framing import NOBODY
from edge.sinks.web.guard import Guard
from edge.sinks.web.labelled_picture import labelled_stream
from edge.sinks.web.page_data import describe_model, describe_now
from edge.sinks.web.picture import Pictures
from edge.statistics import StreamStatistics

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

VIEWERS = 16
"""The most pages that may be open at the same time; the next one gets the answer 503 and tries again."""
PICTURES = 32
"""The most requests for a picture that are answered at the same time; the next one gets the answer 503."""
STREAMS = 8
"""The most viewers of the pictures with labels; the next one gets the answer 503."""

_PICTURE_WAIT_S = 5.0  # after this time a request for the next picture is answered without one

_PARTS = Path(__file__).parent
_MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def make_application(
    feed: Feed, statistics: StreamStatistics, token: str | None, port: int, framed_by: str = NOBODY
) -> Starlette:
    """The application that shows ``feed`` and ``statistics`` on ``port``; with ``token``, requests must give it.

    ``framed_by`` is what :func:`edge.sinks.web.framing.frame_ancestors` makes of the pages that may show it in a frame.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware

    return Starlette(
        routes=[*page_routes("/"), *stream_routes(feed, statistics, lambda: stream_events(feed, statistics))],
        middleware=[Middleware(Guard, access=Access(token, port), framed_by=framed_by)],
    )


def page_routes(path: str) -> list[Route]:
    """The routes of the page of the stream, which is at ``path``, and of its parts."""
    parts = [*page_parts(), *sorted(_PARTS.glob("*.js"))]
    return [file_route(path, _PARTS / "page.html"), *(file_route(f"/{part.name}", part) for part in parts)]


def page_parts() -> list[Path]:
    """The files that every page of this project has: style and icon."""
    return [_PARTS / "page.css", _PARTS / "icon.svg"]


def file_route(path: str, file: Path) -> Route:
    """A route that serves ``file``, a part of a page; it is read now."""
    from starlette.responses import Response
    from starlette.routing import Route

    content = file.read_bytes()

    async def serve(request: Request) -> Response:
        return Response(content, media_type=_MEDIA_TYPES[file.suffix])

    return Route(path, serve)


def stream_routes(feed: Feed, statistics: StreamStatistics, events: Callable[[], AsyncIterator[str]]) -> list[Route]:
    """The routes of the live picture, the newest observation and the health of a stream, and of ``events``.

    ``events`` makes the events of one viewer.
    """
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

    return [
        Route("/picture.jpg", Limited(request_response(picture), PICTURES), methods=["GET"]),
        Route("/labelled.mjpg", Limited(labelled_stream(feed), STREAMS), methods=["GET"]),
        Route("/events", Limited(events_application(events), VIEWERS), methods=["GET"]),
        Route("/observation.json", observation),
        Route("/health", health),
    ]
