"""What all sources share that OpenCV reads: load it, open within a time limit, turn BGR into RGB."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError

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
        raise ConfigurationError("this source needs OpenCV: pip install 'edge-for-poets[camera]'") from None
    except ImportError as error:  # a system library that the wheel needs is missing
        raise ConfigurationError(f"OpenCV cannot be loaded ({error}); try: sudo apt install libgl1") from None
    cv2.setLogLevel(0)
    return cv2


def open_capture(cv2: Any, name: str, backend: int, *, limited: bool = False) -> Any | None:
    """A ``cv2.VideoCapture`` of ``name``, or None if ``backend`` cannot open it.

    ``limited`` sets :data:`TIME_LIMIT_S` for the opening and for each picture; only the FFmpeg backend has these
    limits.
    """
    limit_ms = int(TIME_LIMIT_S * 1000)
    settings = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit_ms] if limited else []
    try:
        capture = cv2.VideoCapture(name, backend, settings)
    except cv2.error:
        return None
    if capture.isOpened():
        return capture
    capture.release()
    return None


def next_picture(cv2: Any, capture: Any) -> npt.NDArray[np.uint8] | None:
    """The next picture of ``capture``: shape (height, width, 3), uint8, RGB; None if there is none."""
    try:
        there, picture = capture.read()
        if not there or picture is None or picture.size == 0:
            return None
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    except cv2.error:
        return None
