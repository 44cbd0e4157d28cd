"""The protocol of a source of frames: a camera, a video file and a source for tests are used in the same way."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class FrameSource(Protocol):
    """A stream of pictures that can be opened again after a failure.

    A class with these three attributes and three methods is a source; it need not inherit from this one.

    ::

        class Snapshots:  # a camera on the network that answers each request with one JPEG
            uri, ends, time_limit_s = "http://camera.local/snapshot.jpg", False, 5.0

            def open(self) -> None:
                pass

            def read(self) -> np.ndarray | None:
                try:
                    with urllib.request.urlopen(self.uri, timeout=self.time_limit_s) as answer:
                        picture = Image.open(io.BytesIO(answer.read()))
                        return np.asarray(picture.convert("RGB"))
                except OSError as error:
                    raise UnavailableError(f"{self.uri}: {error}") from None

            def close(self) -> None:
                pass

    Two more methods are optional, and save the decoding of pictures that nobody labels. ``read_coded`` is used instead
    of :meth:`read`, and may return a :class:`~edge.sources.frame.CodedPicture`. ``skip`` waits for the next picture
    without returning it, and raises what :meth:`read` raises; it is called while no picture is wanted.

    Only one thread at a time uses a source. If a call does not return within twice ``time_limit_s``, its thread is
    abandoned, and the stream continues with a :func:`copy.copy` of the source that was made before it was opened.
    Therefore :meth:`open` must set each attribute that holds what it opens.
    """

    uri: str
    """The address of the source for messages, without passwords."""
    ends: bool
    """True if the source has a last picture, such as a video file. :class:`EndOfStream` then ends the stream; for other
    sources it is a failure."""
    time_limit_s: float
    """The time in seconds within which :meth:`open` and :meth:`read` return or raise."""

    def open(self) -> None:
        """Connect. It is called again after :meth:`close` and after a failure.

        Raises :class:`~edge.errors.UnavailableError`, within the time limit, if the source does not answer; the stream
        then tries again later. Any other exception ends the stream.
        """

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Wait for the next picture and return it: shape (height, width, 3), dtype uint8, RGB.

        Returns None if there is no picture yet and nothing is wrong, for example in a folder without a new file.

        Raises :class:`EndOfStream` after the last picture, and :class:`~edge.errors.UnavailableError` if the source
        failed or sent nothing within the time limit. It must then be opened again.
        """

    def close(self) -> None:
        """Release the device or the connection. It does nothing if the source is not open."""


class EndOfStream(Exception):
    """The source has given its last picture."""
