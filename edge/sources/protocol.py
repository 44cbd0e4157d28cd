"""What a source of frames is: one small protocol, so that a camera, a file and a test look the same."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class FrameSource(Protocol):
    """A stream of pictures that can be opened again after it failed.

    Only one thread uses a source at a time. ``ends`` is true for a source that has a last picture, such as a
    video file, where :class:`EndOfStream` is the end and not a failure.
    """

    uri: str
    ends: bool

    def open(self) -> None:
        """Connect; after :meth:`close` or a failure it can be opened again.

        Raises :class:`~edge.errors.UnavailableError`, within the source's time limit, where nothing answers.
        """

    def read(self) -> npt.NDArray[np.uint8]:
        """Wait for the next picture: shape (height, width, 3), dtype uint8, RGB.

        Raises :class:`EndOfStream` after the last picture, and :class:`~edge.errors.UnavailableError` where the
        source died or sent nothing within its time limit; it must then be opened again.
        """

    def close(self) -> None:
        """Let go of the device or connection; harmless where it is not open."""


class EndOfStream(Exception):
    """The source has given its last picture."""
