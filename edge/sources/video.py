"""A video file, played as fast as it was filmed."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import DataError
from edge.sources.opencv import TIME_LIMIT_S, load_opencv, next_picture, open_capture
from edge.sources.protocol import EndOfStream

_UNKNOWN_RATE = 25.0  # pictures a second, for a file that does not say
_LONGEST_WAIT_S = 0.5
_HIGHEST_RATE = 1000.0  # beyond it a file's own word is a mistake


class VideoFile:
    """Gives a file's pictures at the file's own pace, as a camera would, and ends.

    Pictures whose time has passed before they could be read are left out.
    """

    ends = True
    time_limit_s = 2 * TIME_LIMIT_S

    def __init__(self, path: str) -> None:
        """Take the video file at ``path``."""
        self.uri = path
        self._cv2: Any = None
        self._capture: Any = None

    def open(self) -> None:
        """Open the file, at its beginning.

        Raises :class:`~edge.errors.DataError` where it is missing or OpenCV cannot read it, and
        :class:`~edge.errors.ConfigurationError` where OpenCV is missing.
        """
        self._cv2 = load_opencv()
        try:
            os.close(os.open(self.uri, os.O_RDONLY | os.O_NONBLOCK))
        except OSError as error:
            raise DataError(f"{self.uri}: cannot be read: {error.strerror}") from None
        # The whole path: FFmpeg takes a relative one with a colon for an address.
        self._capture = open_capture(self._cv2, os.path.abspath(self.uri), self._cv2.CAP_FFMPEG)
        if self._capture is None:
            raise self._unreadable()
        rate = self._capture.get(self._cv2.CAP_PROP_FPS)
        self._interval_s = 1 / (rate if 0 < rate <= _HIGHEST_RATE else _UNKNOWN_RATE)
        self._pictures = 0
        self._start_s: float | None = None

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Wait until the next picture is due: (height, width, 3), uint8, RGB; None where that takes longer.

        Raises :class:`~edge.sources.protocol.EndOfStream` after the last one, and
        :class:`~edge.errors.DataError` where there is none at all.
        """
        if self._start_s is None:
            self._start_s = time.monotonic()
        wait_s = self._start_s + self._pictures * self._interval_s - time.monotonic()
        time.sleep(min(max(0.0, wait_s), _LONGEST_WAIT_S))
        if wait_s > _LONGEST_WAIT_S:
            return None
        for _ in range(int(-wait_s / self._interval_s)):  # an empty range where its time has not passed
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
            f"{self.uri}: no video that OpenCV can read; convert it: ffmpeg -i FILE -c:v libx264 converted.mp4"
        )

    def close(self) -> None:
        """Close the file."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()
