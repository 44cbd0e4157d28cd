"""An RTSP stream of a network camera, read by OpenCV with FFmpeg."""

from __future__ import annotations

from urllib.parse import urlsplit

from edge.errors import UnavailableError
from edge.secrets import without_secrets
from edge.sources.address import check_address
from edge.sources.http_login import Login
from edge.sources.opencv import TIME_LIMIT_S, OpenCvStream, load_opencv
from edge.sources.rtsp_describe import check_stream


class RtspStream(OpenCvStream):
    """A stream at ``rtsp://[user:password@]host[:port]/path``, carried over TCP."""

    ends = False
    time_limit_s = 2 * TIME_LIMIT_S  # for the description, then for the stream's own set-up
    missing = f"the stream ended, or sent no picture for {TIME_LIMIT_S:g} s"

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
