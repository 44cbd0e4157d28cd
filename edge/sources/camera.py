"""A camera that Linux shows as ``/dev/videoN``, read by OpenCV through V4L2."""

from __future__ import annotations

import os
import stat

from edge.errors import UnavailableError
from edge.sources.opencv import TIME_LIMIT_S, OpenCvStream, load_opencv
from edge.system.supported import check_system


class V4L2Camera(OpenCvStream):
    """A USB camera, or another camera of V4L2. The pictures have the size that the driver prefers."""

    ends = False
    time_limit_s = 2 * TIME_LIMIT_S  # OpenCV tries a silent camera twice
    missing = "gave no picture; is it still plugged in?"

    def __init__(self, device: str) -> None:
        """Use the camera at the path ``device``, such as ``/dev/video0``."""
        self.uri = device

    def open(self) -> None:
        """Start the camera.

        Raises :class:`~edge.errors.UnavailableError` if it is missing, is in use or may not be opened, and
        :class:`~edge.errors.ConfigurationError` if OpenCV is missing, or this is not Linux.
        """
        check_system("a camera by its number", "linux", instead="give its address, a video file or a folder")
        self._cv2 = load_opencv()
        self._check_device()
        if not self._open_capture(self.uri, "CAP_V4L2"):
            raise UnavailableError(
                f"{self.uri}: gives no pictures; either another program uses it (fuser -v {self.uri} names it), "
                "or it is not a camera (v4l2-ctl --list-devices lists the cameras; the Pi's own is picamera2:)"
            )

    def _check_device(self) -> None:
        try:
            handle = os.open(self.uri, os.O_RDWR | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            raise UnavailableError(f"{self.uri}: no such camera; plug it in, or see: ls /dev/video*") from None
        except PermissionError:
            raise UnavailableError(
                f"{self.uri}: permission denied; run: sudo usermod -aG video $USER, then log in again"
            ) from None
        except OSError as error:
            raise UnavailableError(f"{self.uri}: cannot be opened: {error.strerror}; plug it in again") from None
        is_device = stat.S_ISCHR(os.fstat(handle).st_mode)
        os.close(handle)
        if not is_device:
            raise UnavailableError(f"{self.uri}: not a camera; see: ls /dev/video*")
