"""An RTSP stream of a network camera, read by OpenCV with FFmpeg."""

from __future__ import annotations

from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from edge.errors import UnavailableError
from edge.secrets import without_secrets
from edge.sources.address import check_address
from edge.sources.http_login import Login
from edge.sources.opencv import TIME_LIMIT_S, OpenCvSource, load_opencv, next_picture, skip_picture
from edge.sources.rtsp_describe import check_stream


class RtspStream(OpenCvSource):
    """A stream at ``rtsp://[user:password@]host[:port]/path``, carried over TCP."""

    ends = False
    time_limit_s = 2 * TIME_LIMIT_S  # for the description, then for the stream's own set-up

    def __init__(self, address: str) -> None:
        """Use the stream at ``address``.

        Raises :class:`~edge.errors.UsageError` if that is not an address.
        """
        check_address(address)
        self.uri = without_secrets(address)
        self._address = address
        parts = urlsplit(address)
        self._login = None if parts.username is None else Login(parts.username, parts.password or "")

    def open(self) -> None:
        """Connect.

        Raises :class:`~edge.errors.UnavailableError` if nothing answers or there is no stream, and
        :class:`~edge.errors.ConfigurationError` if OpenCV is missing or the server does not let the user in.
        """
        self._cv2 = load_opencv()
        check_stream(self._address, self.uri, self._login, TIME_LIMIT_S)
        if not self._open_capture(self._address, "CAP_FFMPEG", limited=True):
            raise UnavailableError(f"{self.uri}: answers, but sends no stream that OpenCV can read; check the path")

    def read(self) -> npt.NDArray[np.uint8]:
        """Wait for the next picture: (height, width, 3), uint8, RGB.

        Raises :class:`~edge.errors.UnavailableError` if there is none within the time limit.
        """
        picture = next_picture(self._cv2, self._capture)
        if picture is None:
            raise self._no_picture()
        return picture

    def skip(self) -> None:
        """Wait for the next picture without its pixels. Raises what :meth:`read` raises."""
        if not skip_picture(self._cv2, self._capture):
            raise self._no_picture()

    def _no_picture(self) -> UnavailableError:
        return UnavailableError(f"{self.uri}: the stream ended, or sent no picture for {TIME_LIMIT_S:g} s")
