"""The answer of a web server, read within time limits however slowly its bytes come."""

from __future__ import annotations

import http.client
import io
import select
import socket
from typing import Any

from edge.sources.deadline import time_left_s


class Answer:
    """The answer to a request. Its body is read within a time limit. It must be closed."""

    def __init__(self, connection: socket.socket) -> None:
        """Answer on ``connection``, on which the request was sent."""
        self.proxy: str | None = None  # for messages
        self._socket = connection
        self._stream = _TimedStream(connection)
        self._response = http.client.HTTPResponse(self, method="GET")  # type: ignore[arg-type]

    def makefile(self, mode: str) -> io.BufferedReader:
        """The bytes of the connection, for the response."""
        return io.BufferedReader(self._stream)

    def receive_head(self, deadline_s: float) -> None:
        """Read status and headers until ``deadline_s`` on the monotonic clock.

        Raises :class:`OSError` and :class:`http.client.HTTPException`.
        """
        self._stream.deadline_s = deadline_s
        self._response.begin()

    @property
    def status(self) -> int:
        """The status code, such as 200."""
        return self._response.status

    @property
    def headers(self) -> Any:
        """The headers, as the standard library reads them."""
        return self._response.headers

    def read(self, most: int, deadline_s: float) -> bytes:
        """Up to ``most`` bytes of the body, as soon as there are some; empty at its end.

        Raises :class:`OSError`, :class:`http.client.HTTPException` and :class:`ValueError` (a damaged chunk).
        """
        self._stream.deadline_s = deadline_s
        return self._response.read1(most)

    def more_has_come(self) -> bool:
        """Whether bytes wait that were not read yet."""
        pending = getattr(self._socket, "pending", None)  # what TLS has decrypted already
        if pending is not None and pending():
            return True
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._socket.close()


class _TimedStream(io.RawIOBase):
    """The bytes of a socket until a deadline, however slowly they drip."""

    def __init__(self, connection: socket.socket) -> None:
        self.deadline_s = 0.0
        self._socket = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(time_left_s(self.deadline_s))
        return self._socket.recv_into(buffer)
