"""A camera that is asked over HTTP: an MJPEG stream, or one picture for each request; without OpenCV.

MJPEG is what network cameras and ``mjpg_streamer`` send: parts that are JPEG files. The decoder of training and
labelling decodes them too, so a frame has the same pixels as a file with the same bytes.
"""

from __future__ import annotations

import http.client
import time

import numpy as np
import numpy.typing as npt

from edge.errors import ImageError, UnavailableError
from edge.sources.address import check_address
from edge.sources.frame import CodedPicture, decode_frame
from edge.sources.http_answer import Answer
from edge.sources.http_client import TIME_LIMIT_S, HttpClient, reason
from edge.sources.multipart import MAX_PART_BYTES, MultipartParser
from edge.sources.tls import Certificates

SNAPSHOT_EVERY_S = 1.0
"""The time between two requests to a camera that sends single pictures, in seconds, if no other is asked for."""

_CATCH_UP_S = 0.05  # the longest time spent on skipping pictures that are already old
_CHUNK_BYTES = 64 * 1024
_LONGEST_WAIT_S = 0.5
_ENOUGH_BYTES = 8  # of a picture, to know it
_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")


class HttpCamera:
    """A camera at ``http[s]://[user:password@]host[:port]/path``: an MJPEG stream or single pictures.

    If several pictures of a stream have come since the last :meth:`read`, only the newest is decoded, and with
    :meth:`read_coded` none. A camera that sends single pictures is asked again and again. Logins, redirects, proxies:
    :class:`HttpClient`.
    """

    ends = False
    time_limit_s = 2 * TIME_LIMIT_S  # to open it; a picture has half of this

    def __init__(self, address: str, *, every_s: float = 0.0, ca_file: str | None = None) -> None:
        """Use the camera at ``address``.

        ``every_s`` is the time between two requests for single pictures, in seconds; 0 means
        :data:`SNAPSHOT_EVERY_S`. ``ca_file`` is that of :class:`~edge.sources.tls.Certificates`.

        Raises :class:`~edge.errors.UsageError` if that is not an address, or the file holds no certificate.
        """
        check_address(address)
        self._client = HttpClient(address, Certificates(ca_file))
        self.uri = self._client.uri
        self._every_s = every_s or SNAPSHOT_EVERY_S
        self._answer: Answer | None = None
        self._parser: MultipartParser | None = None

    def open(self) -> None:
        """Ask for the stream or the first picture.

        Raises :class:`~edge.errors.UnavailableError` if the server does not answer, refuses, or sends something else,
        and :class:`~edge.errors.ConfigurationError` if it does not let the user in.
        """
        self._due_s = time.monotonic()
        self._decodable = False
        self._ask()

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Wait for the next picture: (height, width, 3), uint8, RGB.

        Parts of a stream that cannot be decoded are skipped. None if a single picture is not asked for yet.

        Raises :class:`~edge.errors.UnavailableError` if the connection is lost or there is no picture within the time
        limit, and what :meth:`open` raises.
        """
        self._decodable = False
        pixels = self.read_coded()
        assert not isinstance(pixels, CodedPicture)
        return pixels

    def read_coded(self) -> npt.NDArray[np.uint8] | CodedPicture | None:
        """As :meth:`read`, but a picture of a stream whose last one could be decoded is not decoded.

        After one that cannot be decoded the next ones are: a stream without pictures ends as with :meth:`read`.
        """
        return self._read_snapshot() if self._parser is None else self._read_stream()

    def _doubt(self) -> None:
        self._decodable = False

    def _ask(self) -> None:
        """Ask, and find out from the answer what the camera sends."""
        deadline_s = time.monotonic() + 2 * TIME_LIMIT_S
        self._answer = self._client.get()
        self._parser, self._received = None, b""
        content_type = self._answer.headers.get_content_type()
        if content_type.startswith("multipart/"):
            boundary = self._answer.headers.get_param("boundary")
            self._parser = MultipartParser(boundary if isinstance(boundary, str) else None)
        elif not content_type.startswith("image/"):
            while len(self._received) < _ENOUGH_BYTES and (data := self._receive(deadline_s)):
                self._received += data
            if self._received.lstrip().startswith(b"--"):
                self._parser = MultipartParser(None)
                self._parser.feed(self._received)
            elif not self._received.startswith(_PICTURE_STARTS):
                raise UnavailableError(
                    f"{self.uri}: sends {content_type!a}, neither an MJPEG stream nor a picture; check the address"
                )

    def _read_snapshot(self) -> npt.NDArray[np.uint8] | None:
        wait_s = self._due_s - time.monotonic()
        time.sleep(min(max(0.0, wait_s), _LONGEST_WAIT_S))
        if wait_s > _LONGEST_WAIT_S:
            return None
        if self._answer is None:
            self._ask()
            if self._parser is not None:
                return None
        content, deadline_s = bytearray(self._received), time.monotonic() + TIME_LIMIT_S
        while data := self._receive(deadline_s):
            content += data
            if len(content) > MAX_PART_BYTES:
                raise UnavailableError(f"{self.uri}: sends a picture of more than {MAX_PART_BYTES // 2**20} MiB")
        self.close()
        try:
            pixels = decode_frame(bytes(content))
        except ImageError as error:
            raise UnavailableError(f"{self.uri}: sends no picture that can be used: {error}") from None
        self._due_s = time.monotonic() + self._every_s
        return pixels

    def _read_stream(self) -> npt.NDArray[np.uint8] | CodedPicture:
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
                if self._decodable:
                    return CodedPicture(newest, self._doubt)
                try:
                    pixels = decode_frame(newest)
                    self._decodable = True
                    return pixels
                except ImageError as error:
                    newest, damage = None, f"; the last was {error}"
            if time.monotonic() - start_s > TIME_LIMIT_S:
                raise UnavailableError(f"{self.uri}: no picture in {TIME_LIMIT_S:g} s{damage}")
            try:
                data = self._receive(time.monotonic() + TIME_LIMIT_S)
                if not data:
                    raise UnavailableError(f"{self.uri}: the server ended the stream")
                assert self._parser is not None
                self._parser.feed(data)
            except UnavailableError:
                if newest is None:
                    raise
                broken = True  # return the last picture first; the next call meets the failure again

    def _next_part(self) -> bytes | None:
        assert self._parser is not None
        try:
            return self._parser.next_part()
        except ValueError as error:
            raise UnavailableError(f"{self.uri}: sends {error}") from None

    def _more_has_come(self) -> bool:
        return self._answer is not None and self._answer.more_has_come()

    def _receive(self, deadline_s: float) -> bytes:
        assert self._answer is not None
        try:
            return self._answer.read(_CHUNK_BYTES, deadline_s)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a damaged chunk
            raise UnavailableError(f"{self.uri}: the stream was interrupted: {reason(error)}") from None

    def close(self) -> None:
        """Close the connection."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()
