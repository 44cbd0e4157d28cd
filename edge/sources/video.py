"""A video file, played at its own frame rate."""

from __future__ import annotations

import os
import time

import numpy as np
import numpy.typing as npt

from edge.errors import DataError
from edge.sources.opencv import TIME_LIMIT_S, OpenCvSource, load_opencv, next_picture
from edge.sources.protocol import EndOfStream

_UNKNOWN_RATE = 25.0  # pictures a second, for a file that names no rate
_LONGEST_WAIT_S = 0.5
_HIGHEST_RATE = 1000.0  # a higher rate in a file is a mistake


class VideoFile(OpenCvSource):
    """Gives the pictures of a file at the file's own frame rate, as a camera would, and ends.

    Pictures whose time has passed before they are read are skipped.
    """

    ends = True
    time_limit_s = 2 * TIME_LIMIT_S

    def __init__(self, path: str) -> None:
        """Use the video file at ``path``."""
        self.uri = path

    def open(self) -> None:
        """Open the file, at its beginning.

        Raises :class:`~edge.errors.DataError` if it is missing or OpenCV cannot read it, and
        :class:`~edge.errors.ConfigurationError` if OpenCV is missing.
        """
        self._cv2 = load_opencv()
        try:
            os.close(os.open(self.uri, os.O_RDONLY | os.O_NONBLOCK))
        except OSError as error:
            raise DataError(f"{self.uri}: cannot be read: {error.strerror}") from None
        # The absolute path: FFmpeg reads a relative path with a colon as an address.
        if not self._open_capture(os.path.abspath(self.uri), "CAP_FFMPEG"):
            raise self._unreadable()
        rate = self._capture.get(self._cv2.CAP_PROP_FPS)
        self._interval_s = 1 / (rate if 0 < rate <= _HIGHEST_RATE else _UNKNOWN_RATE)
        self._pictures = 0
        self._start_s: float | None = None

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Wait for the next picture: (height, width, 3), uint8, RGB; None if it is not due within half a second.

        Raises :class:`~edge.sources.protocol.EndOfStream` after the last one, and
        :class:`~edge.errors.DataError` if the file holds none.
        """
        if self._start_s is None:
            self._start_s = time.monotonic()
        wait_s = self._start_s + self._pictures * self._interval_s - time.monotonic()
        time.sleep(min(max(0.0, wait_s), _LONGEST_WAIT_S))
        if wait_s > _LONGEST_WAIT_S:
            return None
        for _ in range(int(-wait_s / self._interval_s)):  # empty if its time has not passed
            if not self._capture.grab():
                raise EndOfStream
            self._pictures += 1
        picture = next_picture(self._cv2, self._capture)
        if picture is None:
            if self._pictures == 0:
                raise self._unreadable()
            raise EndOfStream
        self._pictures += 1
        return picture

    def _unreadable(self) -> DataError:
        return DataError(
            f"{self.uri}: not a video that OpenCV can read; convert it: ffmpeg -i FILE -c:v libx264 converted.mp4"
        )
