"""Which source an address means."""

from __future__ import annotations

import os
import stat

from edge.errors import UsageError
from edge.sources.address import shown
from edge.sources.protocol import FrameSource

FORMS = "0 or /dev/video0, picamera2:, a video file, http://... (MJPEG), rtsp://..., or a folder that grows"
"""The addresses that :func:`open_source` knows, for help texts and errors."""


def open_source(uri: str) -> FrameSource:
    """The source that ``uri`` means, not opened yet: what it names need not be there, but for files and folders.

    Raises :class:`~edge.errors.UsageError` where it means none.
    """
    scheme, colon, rest = uri.partition(":")
    if not uri or "\0" in uri:
        raise UsageError(f"an empty source; known are {FORMS}")
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
        return _at_path(rest, uri)
    if "://" in uri:
        raise UsageError(f"{shown(uri)}: unknown source; known are {FORMS}")
    return _at_path(uri, uri)


def _at_path(path: str, uri: str) -> FrameSource:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if path.startswith("/dev/"):  # a camera may be plugged in later
            return _camera(path)
        raise UsageError(f"{uri}: {error.strerror}; known sources are {FORMS}") from None
    if stat.S_ISCHR(mode):
        return _camera(path)
    if stat.S_ISDIR(mode):
        from edge.sources.folder import GrowingFolder

        return GrowingFolder(path)
    if not stat.S_ISREG(mode):
        raise UsageError(f"{uri}: neither camera, file nor folder; known sources are {FORMS}")
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
