"""The Pi camera, with a stand-in for picamera2: there is no camera here, and no package of it for pip.

The stand-in does what picamera2's sources do (raspberrypi/picamera2, ``request.py`` and ``picamera2.py``):
"BGR888" is R, G, B in memory and "RGB888" is B, G, R; ``capture_array(wait=False)`` gives a job for
``wait(job, timeout=...)``; the number of a missing camera is an :class:`IndexError`.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest

from edge.errors import ConfigurationError, UnavailableError
from edge.sources.picamera import PiCamera

SCENE = (220, 40, 30)
"""The colours of the scene: R, G, B."""

_IN_MEMORY = {"BGR888": (0, 1, 2), "RGB888": (2, 1, 0)}


class StandIn:
    """One camera that sees :data:`SCENE`."""

    open_now = 0
    failure: Exception | None = None

    def __init__(self, camera_num: int = 0) -> None:
        [None][camera_num]
        type(self).open_now += 1

    def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
        return {"main": main}

    def configure(self, configuration: dict[str, Any]) -> None:
        self._main = configuration["main"]

    def start(self) -> None:
        if self.failure is not None:
            raise self.failure

    def capture_array(self, name: str, wait: bool) -> str:
        assert (name, wait) == ("main", False)
        return "job"

    def wait(self, job: str, timeout: float) -> np.ndarray:
        assert job == "job" and timeout > 0
        if self.failure is not None:
            raise self.failure
        width, height = self._main["size"]
        pixel = [SCENE[channel] for channel in _IN_MEMORY[self._main["format"]]]
        return np.full((height, width, 3), pixel, np.uint8)

    def close(self) -> None:
        type(self).open_now -= 1


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    """A module ``picamera2`` instead of Debian's."""
    module: Any = types.ModuleType("picamera2")
    module.Picamera2 = type("Picamera2", (StandIn,), {})
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return module.Picamera2  # type: ignore[no-any-return]


def test_channel_order(stand_in: type[StandIn]) -> None:
    """A red scene is red in the frame."""
    camera = PiCamera()
    camera.open()
    frame = camera.read()
    assert (frame.shape, frame.dtype, tuple(frame[0, 0])) == ((480, 640, 3), np.uint8, SCENE)
    camera.close()
    camera.close()
    assert stand_in.open_now == 0


def test_no_camera(stand_in: type[StandIn]) -> None:
    """The message for a missing camera says what to check."""
    with pytest.raises(UnavailableError, match="picamera2:1: no such camera; check the cable"):
        PiCamera(1).open()


def test_a_camera_in_use(stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch) -> None:
    """If a camera does not start, the message says why, and the camera is closed."""
    monkeypatch.setattr(stand_in, "failure", RuntimeError("Failed to acquire camera: Device or resource busy"))
    camera = PiCamera()
    with pytest.raises(UnavailableError, match=r"does not start \(Failed to acquire.*\); does another program use it"):
        camera.open()
    camera.close()
    assert stand_in.open_now == 0


def test_a_camera_that_falls_silent(stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that does not come within the time limit is a failure."""
    camera = PiCamera()
    camera.open()
    monkeypatch.setattr(stand_in, "failure", TimeoutError())
    with pytest.raises(UnavailableError, match=r"no picture \(TimeoutError"):
        camera.read()


def test_without_picamera2(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the package is missing, the message names Debian's, and how a virtual environment finds it."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(ConfigurationError, match=r"apt install python3-picamera2, .*--system-site-packages"):
        PiCamera().open()
