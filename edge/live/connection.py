"""One opening of a source: a thread that reads it until it fails, ends or is given up."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from edge.errors import UnavailableError
from edge.sources.protocol import FrameSource

Pixels = npt.NDArray[np.uint8]


class Connection:
    """Opens a source and reads it on a thread of its own, so that nobody waits for a call that never returns.

    ``opened`` is called once after the source was opened, ``grabbed`` with every picture and the
    :func:`time.monotonic` of its arrival, both on that thread, and neither once the connection is given up.
    ``failure`` is what ended it, once :meth:`wait` says so: what the source raised. The source is closed by
    the same thread, however long that takes.
    """

    def __init__(
        self,
        source: FrameSource,
        opened: Callable[[], None],
        grabbed: Callable[[Pixels, float], None],
    ) -> None:
        """Connect to ``source`` with :meth:`start`."""
        self.failure: BaseException | None = None
        self._source = source
        self._opened, self._grabbed = opened, grabbed
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._given_up = False
        self._progress_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"edge reads {source.uri}", daemon=True)

    def start(self) -> None:
        """Begin to open and read."""
        self._progress_s = time.monotonic()
        self._thread.start()

    def give_up(self) -> None:
        """Take nothing more from it; its thread closes the source as soon as the call it is in returns."""
        with self._lock:  # a picture that is being handed over is the last one
            self._given_up = True
        self._ended.set()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until it has ended or is given up, at most ``timeout_s`` seconds; returns whether it has."""
        return self._ended.wait(timeout_s)

    def alive(self) -> bool:
        """Whether its thread still runs."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait until its thread, if it was started, is done, at most ``timeout_s`` seconds."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def silent_s(self) -> float:
        """The seconds since its source last answered."""
        return time.monotonic() - self._progress_s

    def _run(self) -> None:
        try:
            self._source.open()
            self._report(self._opened)
            while not self._given_up:
                pixels = self._source.read()
                if pixels is None:
                    self._progress_s = time.monotonic()
                    continue
                check_pixels(pixels, self._source.uri)
                self._report(partial(self._grabbed, pixels, time.monotonic()))
        except BaseException as error:
            self.failure = error
        finally:
            with contextlib.suppress(Exception):  # a device that is gone may refuse even to be closed
                self._source.close()
            self._ended.set()

    def _report(self, event: Callable[[], None]) -> None:
        self._progress_s = time.monotonic()
        with self._lock:
            if not self._given_up:
                event()


def check_pixels(pixels: Pixels, uri: str) -> None:
    """Make sure that ``pixels`` are a picture: shape (height, width, 3) without a 0 in it, dtype uint8.

    Raises :class:`~edge.errors.UnavailableError` for anything else, such as the empty frames of a dying camera.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise UnavailableError(f"{uri}: gave {pixels.dtype} {pixels.shape}, no picture of uint8 (height, width, 3)")
