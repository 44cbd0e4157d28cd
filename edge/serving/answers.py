"""Answers of an API: JSON, and errors as one line with the status that belongs to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edge.errors import EdgeError
from edge.printable import printable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_ENCODER = json.JSONEncoder(allow_nan=False)  # json.dumps would make one each time


class Refused(Exception):
    """A request that is refused: ``status`` is the HTTP status, the text is one line."""

    def __init__(self, status: int, line: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(line)
        self.status, self.headers = status, headers


def busy(line: str) -> Refused:
    """Refuse a request now that may be sent again in a second."""
    return Refused(503, line, {"Retry-After": "1"})


def ending() -> Refused:
    """Refuse a request because the server ends."""
    return Refused(503, "this server is ending; send this again later", {"Retry-After": "5"})


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``value`` as JSON, in ASCII: names of files need not be valid Unicode."""
    from starlette.responses import Response

    return Response(_ENCODER.encode(value), status, headers, media_type="application/json")


def error_answer(status: int, line: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error: ``{"error": line}``."""
    return json_answer({"error": printable(line)}, status, headers)


def exception_handlers(statuses: Mapping[type[EdgeError], int]) -> dict[Any, Any]:
    """What Starlette does with each kind of error: one line of JSON. A bug also keeps its traceback on stderr.

    ``statuses`` are the HTTP statuses of expected errors, with those of their base classes; the others have 500.
    """
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect

    async def refused(request: Request, error: Refused) -> Response:
        return error_answer(error.status, str(error), error.headers)

    async def expected(request: Request, error: EdgeError) -> Response:
        status = next((statuses[kind] for kind in type(error).__mro__ if kind in statuses), 500)
        return error_answer(status, str(error))

    async def of_starlette(request: Request, error: HTTPException) -> Response:
        takes = ", ".join(sorted((error.headers or {}).get("Allow", "other methods").split(", ")))
        line = {404: "there is nothing at this address", 405: f"this address takes {takes} alone"}
        return error_answer(error.status_code, line.get(error.status_code, error.detail), error.headers)

    async def left(request: Request, error: ClientDisconnect) -> Response:
        return error_answer(400, "the request ended before its body did")

    async def bug(request: Request, error: Exception) -> Response:
        return error_answer(500, "an error of this program; its terminal or log says more")

    return {
        Refused: refused,
        EdgeError: expected,
        HTTPException: of_starlette,
        ClientDisconnect: left,
        Exception: bug,
    }
