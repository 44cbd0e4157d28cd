"""The Raspberry Pi's camera, through picamera2: Debian's package, not one of pip."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError, UnavailableError

TIME_LIMIT_S = 5.0
"""The longest time for one picture, in seconds."""

SIZE = (640, 480)
"""Width and height that are requested from the camera, in pixels."""

FORMAT = "BGR888"
"""picamera2's name for pixels that are R, G, B in memory; its "RGB888" is B, G, R.

Sources: its manual ("The Picamera2 Library", chapter on configuration, table of formats), and its own
``picamera2/request.py``, which gives "BGR888" to Pillow as RGB. So the channels need not be swapped in a copy.
"""


class PiCamera:
    """A camera on the Pi's ribbon connector."""

    ends = False
    time_limit_s = 2 * TIME_LIMIT_S

    def __init__(self, number: int = 0) -> None:
        """Use camera ``number``, counted from 0."""
        self.uri = f"picamera2:{number or ''}"
        self._number = number
        self._camera: Any = None

    def open(self) -> None:
        """Start the camera.

        Raises :class:`~edge.errors.UnavailableError` if it is missing or another program uses it, and
        :class:`~edge.errors.ConfigurationError` if picamera2 is missing.
        """
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise ConfigurationError(
                f"{self.uri} needs picamera2 ({error}): sudo apt install python3-picamera2, "
                "and make the virtual environment with python3 -m venv --system-site-packages"
            ) from None
        try:
            self._camera = Picamera2(self._number)
            self._camera.configure(self._camera.create_video_configuration(main={"size": SIZE, "format": FORMAT}))
            self._camera.start()
        except IndexError:  # picamera2's error for a number without a camera
            raise UnavailableError(f"{self.uri}: no such camera; check the cable, and: rpicam-hello --list") from None
        except Exception as error:
            raise UnavailableError(f"{self.uri}: does not start ({error}); does another program use it?") from None

    def read(self) -> npt.NDArray[np.uint8]:
        """Wait for the next picture: (480, 640, 3), uint8, RGB.

        Raises :class:`~edge.errors.UnavailableError` if there is none within the time limit.
        """
        try:
            job = self._camera.capture_array("main", wait=False)
            return np.asarray(self._camera.wait(job, timeout=TIME_LIMIT_S), np.uint8)
        except Exception as error:
            raise UnavailableError(f"{self.uri}: no picture ({type(error).__name__}: {error})") from None

    def close(self) -> None:
        """Stop the camera."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
