"""From an address to the source that it means."""

from __future__ import annotations

import errno
import os
import stat

from edge.errors import UsageError
from edge.secrets import without_secrets
from edge.sources.protocol import FrameSource

FORMS = "0 or /dev/video0, picamera2:, a video file, http://... (MJPEG, JPEG), rtsp://..., or a folder that grows"
"""The forms of address that :func:`open_source` accepts, for errors."""


_PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".avif", ".bmp", ".tif", ".tiff"})

# What keeps a path from ever becoming a folder. Any other error may be that of a disk that comes later.
_NEVER_A_FOLDER = (errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)


def open_source(uri: str, *, recursive: bool = False, every_s: float = 0.0, ca_file: str | None = None) -> FrameSource:
    """The source that ``uri`` means; it is not opened yet.

    ``uri`` is one of: a camera (``0``, ``/dev/video0``), the Pi's own camera (``picamera2:``, ``picamera2:1``), a
    video file (``film.mp4``, ``file:film.mp4``), MJPEG or single pictures (``http://...``, ``https://...``), RTSP
    (``rtsp://...``, ``rtsps://...``), or a folder that another program writes pictures into (``pictures``,
    ``folder:pictures``). A film must exist; a camera, a server or a folder may come later. A path that does not exist
    is taken as a folder after ``folder:``, with a slash at its end, or if it is an absolute path without a suffix such
    as ``.mp4``. ``recursive`` watches a folder with all folders below it. ``every_s`` and ``ca_file`` are those of
    :class:`~edge.sources.http_camera.HttpCamera`.

    Raises :class:`~edge.errors.UsageError` if ``uri`` is none of these, or if ``recursive`` or ``ca_file`` is given for
    a source that has no use for it.
    """
    if uri.startswith(("http://", "https://")):
        from edge.sources.http_camera import HttpCamera

        source: FrameSource = HttpCamera(uri, every_s=every_s, ca_file=ca_file)
    else:
        source = _open(uri, recursive)
        if ca_file is not None:
            raise UsageError(f"{source.uri}: --ca-file is for https:// addresses")
    if recursive and not source.uri.startswith("folder:"):
        raise UsageError(f"{source.uri}: --recursive is for a folder")
    return source


def _open(uri: str, recursive: bool) -> FrameSource:
    scheme, colon, rest = uri.partition(":")
    if not uri or "\0" in uri:
        raise UsageError(f"the source is empty; give {FORMS}")
    if uri.isdecimal() and uri.isascii():
        return _camera(f"/dev/video{int(uri)}")
    if scheme == "picamera2" and colon:
        return _pi_camera(rest)
    if uri.startswith(("rtsp://", "rtsps://")):
        from edge.sources.rtsp import RtspStream

        return RtspStream(uri)
    if scheme in ("file", "folder") and rest and not rest.startswith("//"):
        return _at_path(rest, uri, recursive)
    if "://" in uri:
        raise UsageError(f"{without_secrets(uri)}: unknown source; give {FORMS}")
    return _at_path(uri, uri, recursive)


def _at_path(path: str, uri: str, recursive: bool) -> FrameSource:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if path.startswith("/dev/") and not uri.startswith("folder:"):  # a camera may be plugged in later
            return _camera(path)
        if error.errno in _NEVER_A_FOLDER or not _may_become_a_folder(path, uri):
            hint = "folder:DIR waits for a folder; " if uri == path and not os.path.splitext(path)[1] else ""
            raise UsageError(f"{uri}: {error.strerror}; {hint}give {FORMS}") from None
        return _folder(path, recursive)
    if stat.S_ISCHR(mode):
        return _camera(path)
    if stat.S_ISDIR(mode):
        return _folder(path, recursive)
    if not stat.S_ISREG(mode):
        raise UsageError(f"{uri}: not a camera, a file or a folder; give {FORMS}")
    if os.path.splitext(path)[1].lower() in _PHOTOS:
        raise UsageError(f"{uri}: a photo, not a stream; edge label labels photos, and edge watch takes {FORMS}")
    from edge.sources.video import VideoFile

    return VideoFile(path)


def _may_become_a_folder(path: str, uri: str) -> bool:
    if uri.startswith("file:"):
        return False
    return uri != path or path.endswith("/") or (path.startswith("/") and not os.path.splitext(path)[1])


def _folder(path: str, recursive: bool) -> FrameSource:
    from edge.sources.folder import GrowingFolder

    return GrowingFolder(path, recursive=recursive)


def _camera(device: str) -> FrameSource:
    from edge.sources.camera import V4L2Camera

    return V4L2Camera(device)


def _pi_camera(number: str) -> FrameSource:
    from edge.sources.picamera import PiCamera

    if number and not (number.isdecimal() and number.isascii()):
        raise UsageError(f"picamera2:{number}: give picamera2: or the camera's number, such as picamera2:1")
    return PiCamera(int(number or 0))
