"""What all sources share that OpenCV reads: load it, open within a time limit, turn BGR into RGB."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.distribution import install_command
from edge.errors import ConfigurationError, UnavailableError

TIME_LIMIT_S = 5.0
"""How long a camera or a server may take to answer and to send a picture, in seconds."""

# OpenCV has no property for the time limit of V4L2 reads, only this variable. At its usual log level FFmpeg prints
# addresses with their passwords.
_SETTINGS = {
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": f"{TIME_LIMIT_S:.0f}",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}


def load_opencv() -> Any:
    """The module ``cv2``, set to print nothing and to wait no longer than :data:`TIME_LIMIT_S`.

    Raises :class:`~edge.errors.ConfigurationError` if it is not installed or cannot be loaded.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import cv2
    except ModuleNotFoundError as error:
        if error.name != "cv2":
            raise
        raise ConfigurationError(f"this source needs OpenCV: {install_command('camera')}") from None
    except ImportError as error:  # a system library that the wheel needs is missing
        raise ConfigurationError(
            f"OpenCV cannot be loaded ({error}); try: sudo apt install libgl1 libglib2.0-0"
        ) from None
    module: Any = cv2
    set_log_level = getattr(module, "setLogLevel", None) or module.utils.logging.setLogLevel  # OpenCV 5 moved it
    set_log_level(0)
    return module


def next_picture(cv2: Any, capture: Any) -> npt.NDArray[np.uint8] | None:
    """The next picture of ``capture``: shape (height, width, 3), uint8, RGB; None if there is none."""
    try:
        there, picture = capture.read()
        if not there or picture is None or picture.size == 0:
            return None
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    except cv2.error:
        return None


@contextlib.contextmanager
def _name_in_utf8(name: str) -> Iterator[str]:
    """``name``, or another name of the same file if it is not UTF-8: OpenCV crashes on such a name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
        try:
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
    else:
        yield name


class OpenCvSource:
    """What cameras, RTSP streams and video files share if OpenCV reads them."""

    uri: str
    _cv2: Any = None
    _capture: Any = None

    def _open_capture(self, name: str, backend: str, *, limited: bool = False) -> bool:
        """Open ``name`` with a backend of OpenCV, such as ``CAP_V4L2``; returns whether that worked.

        ``limited`` sets :data:`TIME_LIMIT_S` for the opening and for each picture; only FFmpeg has these limits.
        """
        cv2, limit_ms = self._cv2, int(TIME_LIMIT_S * 1000)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit_ms]
        try:
            with _name_in_utf8(name) as readable:
                capture = cv2.VideoCapture(readable, getattr(cv2, backend), limits if limited else [])
        except (cv2.error, OSError):
            return False
        if not capture.isOpened():
            capture.release()
            return False
        self._capture = capture
        return True

    def close(self) -> None:
        """Release the camera, the connection or the file."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()


class OpenCvStream(OpenCvSource):
    """What cameras and RTSP streams share, whose pictures come when they come."""

    missing: str
    """What is wrong if no picture comes, behind the address."""

    def read(self) -> npt.NDArray[np.uint8]:
        """Wait for the next picture: (height, width, 3), uint8, RGB.

        Raises :class:`~edge.errors.UnavailableError` if there is none within the time limit.
        """
        picture = next_picture(self._cv2, self._capture)
        if picture is None:
            raise self._no_picture()
        return picture

    def skip(self) -> None:
        """Wait for the next picture, and leave it undecoded. Raises what :meth:`read` raises."""
        try:
            there = self._capture.grab()
        except self._cv2.error:
            there = False
        if not there:
            raise self._no_picture()

    def _no_picture(self) -> UnavailableError:
        return UnavailableError(f"{self.uri}: {self.missing}")
