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
_CATCH_UP_S = 0.25  # the longest time that one call spends on skipping pictures
_WHOLE = 0.95  # the least part of the pictures and of the time of a film that is whole: some files name estimates


class VideoFile(OpenCvSource):
    """Gives the pictures of a file at the file's own frame rate, as a camera would, and ends.

    Pictures are turned as the file says. Pictures whose time has passed before they are read are skipped. If the file
    decodes slower than it plays, it takes longer than its own time: its clock waits for the decoder.
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
        # By default some releases of OpenCV turn the pictures, and some do not (4.11).
        self._capture.set(self._cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        rate = self._capture.get(self._cv2.CAP_PROP_FPS)
        self._interval_s = 1 / (rate if 0 < rate <= _HIGHEST_RATE else _UNKNOWN_RATE)
        self._expected = int(max(0.0, self._capture.get(self._cv2.CAP_PROP_FRAME_COUNT))) if rate > 0 else 0
        self._expected_s = self._expected / rate if self._expected else 0.0
        self._pictures = 0
        self._position_s = 0.0
        self._start_s: float | None = None

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Wait for the next picture: (height, width, 3), uint8, RGB; None if it is not due within half a second.

        Raises :class:`~edge.sources.protocol.EndOfStream` after the last one, and
        :class:`~edge.errors.DataError` if the file holds none, or ends before the end that it names.
        """
        if self._start_s is None:
            self._start_s = time.monotonic()
        wait_s = self._start_s + self._pictures * self._interval_s - time.monotonic()
        time.sleep(min(max(0.0, wait_s), _LONGEST_WAIT_S))
        if wait_s > _LONGEST_WAIT_S:
            return None
        self._catch_up(late_s=-wait_s)
        picture = next_picture(self._cv2, self._capture)
        if picture is None:
            raise self._end()
        self._count_picture()
        return picture

    def _catch_up(self, late_s: float) -> None:
        """Skip the pictures of the last ``late_s`` seconds. If that takes too long, the film's clock is set back."""
        until_s = time.monotonic() + _CATCH_UP_S
        for _ in range(int(late_s / self._interval_s)):  # empty if the time of the next picture has not passed
            if time.monotonic() >= until_s:
                self._start_s = time.monotonic() - self._pictures * self._interval_s
                return
            if not self._capture.grab():
                raise self._end()
            self._count_picture()

    def _count_picture(self) -> None:
        self._pictures += 1
        # Kept here, because it is 0 after the end.
        self._position_s = self._capture.get(self._cv2.CAP_PROP_POS_MSEC) / 1000

    def _end(self) -> Exception:
        """What ends the film: EndOfStream, or an error if pictures are missing."""
        if self._pictures == 0:
            return self._unreadable()
        end_s = self._position_s + self._interval_s
        if self._pictures < _WHOLE * self._expected and end_s < _WHOLE * self._expected_s:
            return DataError(
                f"{self.uri}: ends after {self._pictures} of {self._expected} pictures; the file is damaged or was cut "
                "off: copy it again"
            )
        return EndOfStream()

    def _unreadable(self) -> DataError:
        return DataError(
            f"{self.uri}: not a video that OpenCV can read; convert it: ffmpeg -i FILE -c:v libx264 converted.mp4"
        )
