"""Answers of the API: JSON, and errors as one line with the status that belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edge.errors import (
    ConfigurationError,
    DataError,
    EdgeError,
    ImageError,
    StorageError,
    UnavailableError,
    UsageError,
)
from edge.printable import printable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_STATUS: dict[type[EdgeError], int] = {
    UsageError: 400,
    ImageError: 400,
    DataError: 409,
    ConfigurationError: 409,
    UnavailableError: 503,
    StorageError: 507,
}


class Refused(Exception):
    """A request that is refused: ``status`` is the HTTP status, the text is one line."""

    def __init__(self, status: int, line: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(line)
        self.status, self.headers = status, headers


def busy(line: str) -> Refused:
    """Refuse a request now that may be sent again in a second."""
    return Refused(503, line, {"Retry-After": "1"})


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``value`` as JSON."""
    from starlette.responses import JSONResponse

    return JSONResponse(value, status, headers)


def error_answer(status: int, line: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error: ``{"error": line}``."""
    return json_answer({"error": printable(line)}, status, headers)


def status_of(error: EdgeError) -> int:
    """The HTTP status of an expected error."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def exception_handlers() -> dict[Any, Any]:
    """What Starlette does with each kind of error: one line of JSON. A bug also keeps its traceback on stderr."""
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect

    async def refused(request: Request, error: Refused) -> Response:
        return error_answer(error.status, str(error), error.headers)

    async def expected(request: Request, error: EdgeError) -> Response:
        return error_answer(status_of(error), str(error))

    async def of_starlette(request: Request, error: HTTPException) -> Response:
        line = {404: "there is nothing at this address", 405: "this address does not take this method"}
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
