"""The events of the page, and the limit for answers that take long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from edge.sinks.web.feed import Feed
from edge.sinks.web.page_data import describe_history, describe_model, describe_now
from edge.statistics import StreamStatistics

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

EVENTS_PER_S = 10
"""The most events ``now`` a second for each viewer."""

_HEARTBEAT_S = 1.0  # the longest time between two events, so that a page notices when the server is gone
# nginx collects answers before it passes them on, unless they say this.
_HEADERS = {"X-Accel-Buffering": "no"}


class Limited:
    """An application that answers at most ``limit`` requests at the same time, and the next one with 503.

    A request counts from the moment in which it is accepted until its answer has ended, however it ends.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        """Pass requests on to ``app``."""
        self._app, self._free = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        from starlette.responses import PlainTextResponse

        if self._free == 0:
            await PlainTextResponse("too many viewers\n", 503, {"Retry-After": "5"})(scope, receive, send)
            return
        self._free -= 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._free += 1


def events_application(events: Callable[[], AsyncIterator[str]]) -> ASGIApp:
    """The application that sends ``events``, made anew for each viewer, until they end or the viewer leaves."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import Response, StreamingResponse

        kind = "text/event-stream"
        if scope["method"] == "HEAD":  # its answer has no events, and so no end
            await Response(headers=_HEADERS, media_type=kind)(scope, receive, send)
        else:
            await StreamingResponse(events(), headers=_HEADERS, media_type=kind)(scope, receive, send)

    return application


async def stream_events(feed: Feed, statistics: StreamStatistics, per_s: int = EVENTS_PER_S) -> AsyncIterator[str]:
    """Server-sent events: ``history`` once, ``model`` for each new model, ``now`` for each change.

    There are at most ``per_s`` events ``now`` a second. They end when ``feed`` is closed.
    """
    # The comment comes first, because some proxies pass nothing on before they have a first part.
    yield ": edge watch\n\n" + event_text("history", describe_history(feed))
    model = None
    while not feed.closed:
        newest = feed.newest
        if newest is not None and newest.model is not model:
            model = newest.model
            yield event_text("model", describe_model(model))
        yield event_text("now", describe_now(feed, statistics))
        await asyncio.sleep(1 / per_s)
        await feed.wait_for_other(newest and newest.frame.sequence, _HEARTBEAT_S - 1 / per_s)


def event_text(name: str, value: dict[str, Any]) -> str:
    """One server-sent event: its name and a value for JSON."""
    return f"event: {name}\ndata: {json.dumps(value)}\n\n"
