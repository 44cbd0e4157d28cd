"""Cameras of V4L2. A test machine has none, so the tests cover the ways in which one can be missing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, UnavailableError
from edge.sources import opencv
from edge.sources.camera import V4L2Camera
from support.no_root import no_root


def _refusal(device: str) -> str:
    pytest.importorskip("cv2", reason="needs the extra 'camera'")
    camera = V4L2Camera(device)
    with pytest.raises(UnavailableError) as refused:
        camera.open()
    camera.close()
    return str(refused.value)


def test_no_camera() -> None:
    """The message names the missing camera and the command that lists the others."""
    assert _refusal("/dev/video97") == "/dev/video97: no such camera; plug it in, or see: ls /dev/video*"


def test_no_permission(tmp_path: Path) -> None:
    """The message names the group that a user without permission must join."""
    pytest.importorskip("cv2", reason="needs the extra 'camera'")
    device = tmp_path / "video0"
    device.touch(mode=0)
    with no_root():  # who may open everything
        refusal = _refusal(str(device))
    assert refusal == f"{device}: permission denied; run: sudo usermod -aG video $USER, then log in again"


def test_a_file_is_no_camera(tmp_path: Path) -> None:
    """A file that is not a device gets an error of its own."""
    (tmp_path / "video0").touch()
    assert "video0: not a camera" in _refusal(str(tmp_path / "video0"))
    assert "no such camera" in _refusal(str(tmp_path / "video0" / "x"))


def test_a_device_that_gives_no_pictures(capfd: pytest.CaptureFixture[str]) -> None:
    """A device that OpenCV cannot start is refused with the likely reasons, and OpenCV itself prints nothing."""
    assert "/dev/null: gives no pictures; either another program uses it" in _refusal("/dev/null")
    assert capfd.readouterr() == ("", "")


def test_a_picture_is_skipped(tmp_path: Path) -> None:
    """A skipped picture is not read; at the end of the pictures both fail alike. A film is the camera here."""
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'camera'")
    film = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (32, 32))
    for value in (0, 80, 160, 240):
        film.write(np.full((32, 32, 3), value, np.uint8))
    film.release()
    camera = V4L2Camera("/dev/video0")
    camera._cv2 = opencv.load_opencv()
    assert camera._open_capture(str(tmp_path / "film.avi"), "CAP_FFMPEG")
    camera.skip()
    assert camera.read().mean() == pytest.approx(80, abs=8)
    camera.skip()
    assert camera.read().mean() == pytest.approx(240, abs=8)
    for method in (camera.skip, camera.read):
        with pytest.raises(UnavailableError, match="gave no picture; is it still plugged in"):
            method()
    camera.close()


def test_without_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    """If OpenCV is missing, the message names the extra."""
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'edge-for-poets\[camera\]'"):
        V4L2Camera("/dev/video0").open()


def test_opencv_without_its_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If OpenCV is installed and does not load, the message says why."""
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    with pytest.raises(
        ConfigurationError, match=r"cannot be loaded \(libGL.so.1: .*\); try: sudo apt install libgl1 libglib2\.0-0"
    ):
        opencv.load_opencv()


def test_time_limits_reach_opencv() -> None:
    """OpenCV has the properties and backends that are used, and the variable with V4L2's time limit is set."""
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'camera'")
    opencv.load_opencv()
    assert {"CAP_PROP_OPEN_TIMEOUT_MSEC", "CAP_PROP_READ_TIMEOUT_MSEC"} <= set(dir(cv2))
    assert {cv2.CAP_V4L2, cv2.CAP_FFMPEG} <= set(cv2.videoio_registry.getBackends())
    assert os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] == "5"
