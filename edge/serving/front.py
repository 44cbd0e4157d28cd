"""What stands before every route: it counts requests, and refuses new ones while the server ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge.serving.answers import ending, error_answer
from edge.serving.counts import ServeCounts

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Front:
    """Passes requests on to an application, until :meth:`drain`.

    ``idle`` is set while no request is being answered after that.
    """

    def __init__(self, counts: ServeCounts) -> None:
        """Count answers in ``counts``."""
        self.app: ASGIApp | None = None
        self.idle = threading.Event()
        self._counts = counts
        self._draining, self._open = False, 0

    @property
    def draining(self) -> bool:
        """Whether new requests are refused."""
        return self._draining

    def drain(self) -> None:
        """Refuse new requests with 503; those that were accepted go on. Called on the thread of the event loop."""
        self._draining = True
        if not self._open:
            self.idle.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        assert self.app is not None

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counts.requests[message["status"]] += 1
                if self._draining:
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        if self._draining:
            refused = ending()
            await error_answer(refused.status, str(refused), refused.headers)(scope, receive, send_counted)
            return
        self._open += 1
        try:
            await self.app(scope, receive, send_counted)
        finally:
            self._open -= 1
            if self._draining and not self._open:
                self.idle.set()
