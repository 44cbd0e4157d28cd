"""From an address to a source."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.errors import UsageError
from edge.sources.uri import open_source


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("uri", "kind", "name", "ends"),
    [
        ("0", "V4L2Camera", "/dev/video0", False),
        ("12", "V4L2Camera", "/dev/video12", False),
        ("/dev/video3", "V4L2Camera", "/dev/video3", False),
        ("/dev/v4l/by-id/usb-cam", "V4L2Camera", "/dev/v4l/by-id/usb-cam", False),
        ("/dev/null", "V4L2Camera", "/dev/null", False),
        ("picamera2:", "PiCamera", "picamera2:", False),
        ("picamera2:1", "PiCamera", "picamera2:1", False),
        ("http://host/a", "HttpCamera", "http://host/a", False),
        ("https://u:secret@host/a", "HttpCamera", "https://***@host/a", False),
        ("rtsp://u:secret@host/a", "RtspStream", "rtsp://***@host/a", False),
        ("rtsps://host/a", "RtspStream", "rtsps://host/a", False),
        ("film.mp4", "VideoFile", "film.mp4", True),
        ("file:film.mp4", "VideoFile", "film.mp4", True),
        ("photos", "GrowingFolder", "folder:photos", False),
        ("folder:photos", "GrowingFolder", "folder:photos", False),
        ("folder:later", "GrowingFolder", "folder:later", False),
        ("later/", "GrowingFolder", "folder:later/", False),
        ("/mnt/no such disk/photos", "GrowingFolder", "folder:/mnt/no such disk/photos", False),
    ],
)
def test_addresses(uri: str, kind: str, name: str, ends: bool) -> None:
    """Each form gives its source, named without secrets and not opened."""
    Path("film.mp4").touch()
    Path("photos").mkdir()
    source = open_source(uri)
    assert (type(source).__name__, source.uri, source.ends) == (kind, name, ends)
    source.close()


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("", "the source is empty"),
        ("gone.mp4", "gone.mp4: No such file or directory; give 0 or /dev/video0"),
        ("file:gone.mp4", "file:gone.mp4: No such file"),
        ("rose.JPG", "rose.JPG: a photo, not a stream; edge label labels photos"),
        ("gone", "gone: No such file or directory; folder:DIR waits for a folder; give 0 or"),
        ("/gone/film.mp4", "/gone/film.mp4: No such file"),
        ("folder:", "folder:: No such file"),
        ("folder:" + "x" * 5000, "File name too long"),
        ("folder:/etc/passwd/photos", "Not a directory"),
        ("gopher://user:secret@host/", r"gopher://\*\*\*@host/: unknown source"),
        ("http://", "not an address such as http://host:8080/path"),
        ("rtsp://host:port/", "not an address"),
        ("picamera2:front", "picamera2:front: give picamera2: or the camera's number"),
        ("a\0b", "the source is empty"),
        ("x" * 5000, "File name too long"),
        ("٣", "No such file"),
    ],
)
def test_other_texts_are_refused(uri: str, reason: str) -> None:
    """Anything else is refused in one line that names the forms, without the password."""
    Path("rose.JPG").touch()
    with pytest.raises(UsageError, match=reason) as refused:
        open_source(uri)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_pipes_are_no_source() -> None:
    """A pipe is not opened: that would wait for its writer."""
    os.mkfifo("pipe")
    with pytest.raises(UsageError, match="not a camera, a file or a folder"):
        open_source("pipe")


def test_recursive_is_for_folders() -> None:
    """Other sources have no folders below them."""
    Path("photos").mkdir()
    assert open_source("photos", recursive=True).uri == "folder:photos"
    with pytest.raises(UsageError, match=r"^http://host/a: --recursive is for a folder$"):
        open_source("http://host/a", recursive=True)


def test_a_file_of_certificates_is_for_https(tmp_path: Path) -> None:
    """Other sources have no certificates; a file without one is refused before anything is opened."""
    with pytest.raises(UsageError, match=r"^rtsp://host/a: --ca-file is for https:// addresses$"):
        open_source("rtsp://host/a", ca_file="ca.pem")
    with pytest.raises(UsageError, match=r"^--ca-file ca\.pem: cannot be read: No such file or directory$"):
        open_source("https://host/a", ca_file="ca.pem")
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(UsageError, match=r"^--ca-file ca\.pem: holds no certificate"):
        open_source("https://host/a", ca_file="ca.pem")
