"""MJPEG over HTTP, as network cameras and ``mjpg_streamer`` send it; without OpenCV.

The parts are JPEG files. The decoder of training and labelling decodes them too, so a frame has the same pixels as a
file with the same bytes.
"""

from __future__ import annotations

import select
import time
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import numpy as np
import numpy.typing as npt

from edge.errors import ImageError, UnavailableError
from edge.preprocess import decode
from edge.secrets import without_secrets
from edge.sources.address import check_address
from edge.sources.multipart import MultipartParser

TIME_LIMIT_S = 5.0
"""How long the server may take to answer and to send a picture that can be decoded, in seconds."""

_CATCH_UP_S = 0.05  # the longest time spent on skipping pictures that are already old
_CHUNK_BYTES = 64 * 1024


class MjpegStream:
    """A stream at ``http[s]://[user:password@]host[:port]/path``; basic and digest authentication.

    If several pictures have come since the last :meth:`read`, only the newest is decoded.
    """

    ends = False
    time_limit_s = 2 * TIME_LIMIT_S  # each wait for bytes is limited, and their sum too

    def __init__(self, address: str) -> None:
        """Use the stream at ``address``.

        Raises :class:`~edge.errors.UsageError` if that is not an address.
        """
        check_address(address)
        self.uri = without_secrets(address)
        parts = urlsplit(address)
        self._address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        self._user = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
        self._response: Any = None

    def open(self) -> None:
        """Ask for the stream.

        Raises :class:`~edge.errors.UnavailableError` if the server does not answer, refuses, or does not send an MJPEG
        stream.
        """
        import http.client
        import urllib.error

        try:
            self._response = self._opener().open(self._address, timeout=TIME_LIMIT_S)
        except urllib.error.HTTPError as error:
            error.close()
            fix = "give user:password@ before the host" if error.code == 401 else "check the address"
            meaning = http.client.responses.get(error.code, "")  # not the server's own text, which may hold anything
            raise UnavailableError(f"{self.uri}: the server answers {error.code} {meaning}; {fix}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a 401 that urllib cannot read
            raise UnavailableError(f"{self.uri}: no answer: {_reason(error)}") from None
        content_type = self._response.headers.get_content_type()
        boundary = self._response.headers.get_param("boundary")
        if not content_type.startswith("multipart/") or not isinstance(boundary, str) or not boundary.strip("-"):
            raise UnavailableError(f"{self.uri}: sends {content_type!a}, not an MJPEG stream; check the address")
        self._parser = MultipartParser(boundary)
        self._poll = select.poll()
        self._poll.register(self._response.fileno(), select.POLLIN)

    def _opener(self) -> Any:
        import urllib.request as request

        if self._user is None:
            return request.build_opener()
        passwords = request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, self._address, *self._user)
        return request.build_opener(request.HTTPBasicAuthHandler(passwords), request.HTTPDigestAuthHandler(passwords))

    def read(self) -> npt.NDArray[np.uint8]:
        """Wait for the next picture: (height, width, 3), uint8, RGB.

        Parts that cannot be decoded are skipped.

        Raises :class:`~edge.errors.UnavailableError` if the connection is lost or there is no picture within the time
        limit.
        """
        start_s = time.monotonic()
        newest: bytes | None = None
        damage = ""
        broken = False
        while True:
            part = self._next_part()
            if part is not None:
                newest = part
                continue
            if newest is not None and (
                broken or time.monotonic() - start_s >= _CATCH_UP_S or not self._more_has_come()
            ):
                try:
                    return np.asarray(decode(newest), np.uint8)
                except ImageError as error:
                    newest, damage = None, f"; the last was {error}"
            if time.monotonic() - start_s > TIME_LIMIT_S:
                raise UnavailableError(f"{self.uri}: no picture in {TIME_LIMIT_S:g} s{damage}")
            try:
                self._receive()
            except UnavailableError:
                if newest is None:
                    raise
                broken = True  # return the last picture first; the next call meets the failure again

    def _next_part(self) -> bytes | None:
        try:
            return self._parser.next_part()
        except ValueError as error:
            raise UnavailableError(f"{self.uri}: sends {error}") from None

    def _more_has_come(self) -> bool:
        return bool(self._poll.poll(0))

    def _receive(self) -> None:
        import http.client

        try:
            data = self._response.read1(_CHUNK_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a damaged chunk
            raise UnavailableError(f"{self.uri}: the stream was interrupted: {_reason(error)}") from None
        if not data:
            raise UnavailableError(f"{self.uri}: the server ended the stream")
        self._parser.feed(data)

    def close(self) -> None:
        """Close the connection."""
        response, self._response = self._response, None
        if response is not None:
            response.close()


def _reason(error: Exception) -> str:
    """The reason without the address: messages of the standard library may hold it with its password."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return f"nothing in {TIME_LIMIT_S:g} s"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(cause).__name__
