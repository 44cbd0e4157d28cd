"""The middleware in front of every route: who is answered, and the headers of every answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from edge.sinks.web.access import Access
from edge.sinks.web.framing import NOBODY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TOKEN_PAGE = Path(__file__).with_name("token.html")
_PUBLIC = {"/page.css", "/icon.svg"}  # the form for the token needs them
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+){1,20}/?")
_POLICY = "Content-Security-Policy"
_HEADERS = {
    "Cache-Control": "no-store",
    _POLICY: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors ",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Passes a request on, or refuses it with one line; adds the same headers to every answer.

    A route may set a header of these itself, such as ``Cache-Control``; it then keeps its value.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        pages: Collection[str] = ("/",),
        json_below: str | None = None,
        framed_by: str = NOBODY,
    ) -> None:
        """Pass requests that ``access`` admits on to ``app``; at the paths ``pages`` others get a form.

        Below the path ``json_below`` a refusal is ``{"error": line}``. ``framed_by`` are the pages that may show ours.
        """
        self._app, self._access, self._pages, self._json_below = app, access, pages, json_below
        self._headers = _encoded({**_HEADERS, _POLICY: _HEADERS[_POLICY] + framed_by})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        from starlette.requests import Request

        request = Request(scope)
        gives_token = self._access.has_token and self._access.is_token(request.query_params.get("token", ""))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = self._headers
                if gives_token:
                    cookie = f"{self._access.cookie_name}={self._access.cookie}"
                    more = {"Set-Cookie": f"{cookie}; Path={_prefix(request)}; HttpOnly; SameSite=Strict"}
                    # An address with the token may be the picture of a page of another origin: who wrote it has it.
                    more["Cross-Origin-Resource-Policy"] = "cross-origin"
                    headers = {**headers, **_encoded(more)}
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [one for one in headers.items() if one[0] not in given]
            await send(message)

        app = self._refusal(request) or self._app
        await app(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        from starlette.responses import HTMLResponse

        path: str = request.scope["path"]
        if not self._access.admits_host(request.headers.get("host", "")):
            return self._line(path, 421, "open this page under the name localhost")
        if path in _PUBLIC or not self._access.has_token:
            return None
        if self._access.admits(request.headers, request.query_params, request.cookies):
            return None
        challenge = {"WWW-Authenticate": "Bearer"}
        if path in self._pages:
            return HTMLResponse(_TOKEN_PAGE.read_text(encoding="utf-8"), status_code=401, headers=challenge)
        line = "the token is missing; send the header Authorization: Bearer TOKEN"
        return self._line(path, 401, line, challenge)

    def _line(self, path: str, status: int, line: str, headers: Mapping[str, str] | None = None) -> Response:
        from starlette.responses import JSONResponse, PlainTextResponse

        if self._json_below is not None and path.startswith(self._json_below):
            return JSONResponse({"error": line}, status, headers)
        return PlainTextResponse(f"{line}\n", status, headers)


def _encoded(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    return {name.lower().encode(): value.encode() for name, value in headers.items()}


def _prefix(request: Request) -> str:
    """The path below which a proxy has this server, as it says in ``X-Forwarded-Prefix``; ``/`` without a proxy.

    The cookie is for this path, so that no other program behind the proxy gets it.
    """
    prefix = request.headers.get("x-forwarded-prefix", "")
    return prefix if _PREFIX.fullmatch(prefix) else "/"
