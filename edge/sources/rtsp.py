"""An RTSP stream of a network camera, read by OpenCV with FFmpeg."""

from __future__ import annotations

from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from edge.errors import UnavailableError
from edge.secrets import without_secrets
from edge.sources.address import check_address
from edge.sources.opencv import TIME_LIMIT_S, OpenCvSource, load_opencv, next_picture

_PORTS = {"rtsp": 554, "rtsps": 322}


class RtspStream(OpenCvSource):
    """A stream at ``rtsp://[user:password@]host[:port]/path``, carried over TCP."""

    ends = False
    time_limit_s = 2 * TIME_LIMIT_S  # for the connection, then for the stream's own set-up

    def __init__(self, address: str) -> None:
        """Use the stream at ``address``.

        Raises :class:`~edge.errors.UsageError` if that is not an address.
        """
        check_address(address)
        self.uri = without_secrets(address)
        self._address = address

    def open(self) -> None:
        """Connect.

        Raises :class:`~edge.errors.UnavailableError` if nothing answers or there is no stream, and
        :class:`~edge.errors.ConfigurationError` if OpenCV is missing.
        """
        self._cv2 = load_opencv()
        self._check_connection()
        if not self._open_capture(self._address, "CAP_FFMPEG", limited=True):
            raise UnavailableError(
                f"{self.uri}: answers, but sends no stream that OpenCV can read; check the path, user and password"
            )

    def _check_connection(self) -> None:
        """Connect once, because OpenCV does not report why nothing answers."""
        import socket

        parts = urlsplit(self._address)
        try:
            socket.create_connection(
                (parts.hostname or "", parts.port or _PORTS[parts.scheme]), timeout=TIME_LIMIT_S
            ).close()
        except OSError as error:
            raise UnavailableError(f"{self.uri}: no answer: {error.strerror or error}") from None

    def read(self) -> npt.NDArray[np.uint8]:
        """Wait for the next picture: (height, width, 3), uint8, RGB.

        Raises :class:`~edge.errors.UnavailableError` if there is none within the time limit.
        """
        picture = next_picture(self._cv2, self._capture)
        if picture is None:
            raise UnavailableError(f"{self.uri}: the stream ended, or sent no picture for {TIME_LIMIT_S:g} s")
        return picture
