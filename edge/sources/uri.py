"""From an address to the source that it means."""

from __future__ import annotations

import os
import stat

from edge.errors import UsageError
from edge.secrets import without_secrets
from edge.sources.protocol import FrameSource

FORMS = "0 or /dev/video0, picamera2:, a video file, http://... (MJPEG), rtsp://..., or a folder that grows"
"""The forms of address that :func:`open_source` accepts, for errors."""


def open_source(uri: str) -> FrameSource:
    """The source that ``uri`` means; it is not opened yet.

    ``uri`` is one of: a camera (``0``, ``/dev/video0``), the Pi's own camera (``picamera2:``, ``picamera2:1``), a
    video file (``film.mp4``, ``file:film.mp4``), MJPEG (``http://...``, ``https://...``), RTSP (``rtsp://...``,
    ``rtsps://...``), or a folder that another program writes pictures into (``pictures``, ``folder:pictures``). A
    file or folder must exist; a camera or a server may come later.

    Raises :class:`~edge.errors.UsageError` if ``uri`` is none of these.
    """
    scheme, colon, rest = uri.partition(":")
    if not uri or "\0" in uri:
        raise UsageError(f"the source is empty; give {FORMS}")
    if uri.isdecimal() and uri.isascii():
        return _camera(f"/dev/video{int(uri)}")
    if scheme == "picamera2" and colon:
        return _pi_camera(rest)
    if uri.startswith(("http://", "https://")):
        from edge.sources.mjpeg import MjpegStream

        return MjpegStream(uri)
    if uri.startswith(("rtsp://", "rtsps://")):
        from edge.sources.rtsp import RtspStream

        return RtspStream(uri)
    if scheme in ("file", "folder") and rest and not rest.startswith("//"):
        return _at_path(rest, without_secrets(uri))
    if "://" in uri:
        raise UsageError(f"{without_secrets(uri)}: unknown source; give {FORMS}")
    return _at_path(uri, without_secrets(uri))


def _at_path(path: str, shown: str) -> FrameSource:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if path.startswith("/dev/"):  # a camera may be plugged in later
            return _camera(path)
        raise UsageError(f"{shown}: {error.strerror}; give {FORMS}") from None
    if stat.S_ISCHR(mode):
        return _camera(path)
    if stat.S_ISDIR(mode):
        from edge.sources.folder import GrowingFolder

        return GrowingFolder(path)
    if not stat.S_ISREG(mode):
        raise UsageError(f"{shown}: not a camera, a file or a folder; give {FORMS}")
    from edge.sources.video import VideoFile

    return VideoFile(path)


def _camera(device: str) -> FrameSource:
    from edge.sources.camera import V4L2Camera

    return V4L2Camera(device)


def _pi_camera(number: str) -> FrameSource:
    from edge.sources.picamera import PiCamera

    if number and not (number.isdecimal() and number.isascii()):
        raise UsageError(f"picamera2:{number}: give picamera2: or the camera's number, such as picamera2:1")
    return PiCamera(int(number or 0))
