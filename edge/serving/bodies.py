"""Bodies of requests, read with a limit while they come."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from edge.serving.answers import Refused, busy

if TYPE_CHECKING:
    from starlette.requests import Request

ALL_BYTES = 128 << 20
"""The most bytes of all bodies that are held at the same time; more is refused with 503."""


class Bodies:
    """Reads bodies. All that are held at the same time have at most :data:`ALL_BYTES`."""

    def __init__(self, most_bytes: int = ALL_BYTES) -> None:
        """Hold at most ``most_bytes``."""
        self._free = most_bytes

    @contextlib.asynccontextmanager
    async def read(self, request: Request, most_bytes: int) -> AsyncIterator[bytes]:
        """The body of ``request``, held until the end of the block.

        Raises :class:`Refused`: 413 as soon as it is known to have more than ``most_bytes``, 503 if too much is held.
        """
        declared = request.headers.get("content-length", "")
        expected = int(declared) if declared.isdecimal() else 0
        check_size(expected, most_bytes)
        self._check_free(expected)
        pieces: list[bytes] = []
        held = 0
        try:
            async for piece in request.stream():
                check_size(held + len(piece), most_bytes)
                self._check_free(len(piece))
                self._free -= len(piece)
                held += len(piece)
                pieces.append(piece)
            body = b"".join(pieces)
            pieces.clear()  # or all bytes would be held twice
            yield body
        finally:
            self._free += held

    def _check_free(self, size_bytes: int) -> None:
        if size_bytes > self._free:
            raise busy("too many uploads at the same time; send this one again")


def type_of(request: Request) -> str:
    """The media type of the body in small letters, without parameters; empty if the request does not say it."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def check_size(size_bytes: int, most_bytes: int) -> None:
    """Raise :class:`Refused`, 413, if a body has more than ``most_bytes``."""
    if size_bytes > most_bytes:
        raise Refused(413, f"the body is too large; it may have {most_bytes >> 20} MiB")


class NotOfJsonError(ValueError):
    """A text that Python takes for JSON and that is none; the text is one line."""


def check_encoding(request: Request) -> None:
    """Raise :class:`Refused`, 415, if the body of ``request`` is compressed."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise Refused(415, "the body has a Content-Encoding; send it as it is", {"Accept-Encoding": "identity"})


def refuse_constant(name: str) -> None:
    """For ``json.loads``: NaN and infinity are no numbers of JSON. Raises :class:`NotOfJsonError`."""
    raise NotOfJsonError(f"{name} is not a number of JSON")
