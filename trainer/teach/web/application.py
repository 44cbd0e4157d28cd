"""The Starlette application of a session: its page, the page of the stream, and the API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import (
    ConfigurationError,
    DataError,
    EdgeError,
    ImageError,
    StorageError,
    UnavailableError,
    UsageError,
)
from edge.serving.answers import exception_handlers
from edge.sinks.web.access import Access
from edge.sinks.web.application import file_route, page_routes, stream_routes
from edge.sinks.web.feed import Feed
from edge.sinks.web.guard import Guard
from edge.statistics import StreamStatistics
from trainer.teach.session import Session
from trainer.teach.web.class_routes import action_rules, class_rules
from trainer.teach.web.events import Events
from trainer.teach.web.photo_routes import photo_rules
from trainer.teach.web.same_origin import SameOrigin
from trainer.teach.web.served import Handler, Rule, Served
from trainer.teach.web.session_routes import handover_rules, recording_rules, session_rules

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

_PAGE = Path(__file__).parent / "page"
_PAGES = ("/", "/watch", "/api")
_STATUS: dict[type[EdgeError], int] = {
    UsageError: 400,
    ImageError: 400,
    DataError: 409,
    ConfigurationError: 409,
    UnavailableError: 503,
    StorageError: 507,
}


def make_teach_application(
    session: Session, feed: Feed, statistics: StreamStatistics, token: str | None, port: int
) -> Starlette:
    """The application of ``session`` and of the stream of ``feed`` and ``statistics``, on ``port``.

    With ``token``, requests must give it. The page of the stream is at ``/watch``. The caller attaches ``session`` and
    ``feed`` to the event loop of the server.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware

    events = Events(session, feed, statistics)
    parts = [path for path in sorted(_PAGE.iterdir()) if path.name != "teach.html"]
    return Starlette(
        routes=[
            file_route("/", _PAGE / "teach.html"),
            *(file_route(f"/{path.name}", path) for path in parts),
            *page_routes("/watch"),
            *stream_routes(feed, statistics, events.of_viewer),
            *_routes(api_rules(Served(session))),
        ],
        middleware=[
            Middleware(Guard, access=Access(token, port), pages=_PAGES, json_below="/api/"),
            Middleware(SameOrigin),
        ],
        exception_handlers=exception_handlers(_STATUS),
    )


def _routes(rules: list[Rule]) -> list[Route]:
    """One route for each path, so that the answer 405 names all methods of it."""
    from starlette.routing import Route

    by_path: dict[str, dict[str, Handler]] = {}
    for rule in rules:
        by_path.setdefault(rule.path, {})[rule.method] = rule.handler

    def route(path: str, handlers: dict[str, Handler]) -> Route:
        async def answer(request: Request) -> Response:
            return await handlers["GET" if request.method == "HEAD" else request.method](request)

        return Route(path, answer, methods=list(handlers))

    return [route(path, handlers) for path, handlers in by_path.items()]


def api_rules(served: Served) -> list[Rule]:
    """All routes of the API."""
    return [
        *session_rules(served),
        *class_rules(served),
        *action_rules(served),
        *photo_rules(served),
        *recording_rules(served),
        *handover_rules(served),
    ]
