"""What a source of frames is: one small protocol, so that a camera, a file and a test look the same."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class FrameSource(Protocol):
    """A stream of pictures that can be opened again after it failed.

    Only one thread uses a source at a time. ``uri`` is its address as it may be shown: without passwords.
    ``ends`` is true for a source that has a last picture, such as a video file, where :class:`EndOfStream` is
    the end and not a failure. ``time_limit_s`` is the time in seconds within which :meth:`open` and
    :meth:`read` return or raise.

    A :meth:`read` that hangs in spite of that is given up with its thread, and its place is taken by a
    :func:`copy.copy` of the source that was made before it was opened. What is opened must therefore live in
    attributes that :meth:`open` sets.
    """

    uri: str
    ends: bool
    time_limit_s: float

    def open(self) -> None:
        """Connect; after :meth:`close` or a failure it can be opened again.

        Raises :class:`~edge.errors.UnavailableError`, within the source's time limit, where nothing answers.
        """

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Wait for the next picture: shape (height, width, 3), dtype uint8, RGB.

        None says that none is there yet and nothing is wrong, as in a folder that does not grow just now.

        Raises :class:`EndOfStream` after the last picture, and :class:`~edge.errors.UnavailableError` where the
        source died or sent nothing within its time limit; it must then be opened again.
        """

    def close(self) -> None:
        """Let go of the device or connection; harmless where it is not open."""


class EndOfStream(Exception):
    """The source has given its last picture."""
