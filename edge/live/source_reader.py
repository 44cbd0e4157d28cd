"""One opening of a source: a thread that reads it until it fails, ends or is abandoned."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from edge.errors import UnavailableError
from edge.preprocess import Pixels
from edge.sources.frame import CodedPicture
from edge.sources.protocol import FrameSource


class SourceReader:
    """Opens a source and reads it on a thread of its own, so that a call which never returns blocks no other thread.

    ``on_opened`` is called once, after the source was opened; ``on_picture`` with each picture and the
    :func:`time.monotonic` of its arrival. While ``is_wanted`` returns false, a source that can skip pictures does so,
    and ``on_skipped`` is called instead. All are called on that thread, and not after :meth:`abandon`. When
    :meth:`wait` returns true, ``failure`` is what the source raised. The thread also closes the source.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        on_opened: Callable[[], None],
        on_picture: Callable[[Pixels | CodedPicture, float], None],
        on_skipped: Callable[[], None],
        is_wanted: Callable[[], bool],
    ) -> None:
        """Read ``source`` after :meth:`start`."""
        self.failure: BaseException | None = None
        self._source = source
        self._on_opened, self._on_picture, self._on_skipped = on_opened, on_picture, on_skipped
        self._is_wanted = is_wanted
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._abandoned = False
        self._progress_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"edge reads {source.uri}", daemon=True)

    def start(self) -> None:
        """Begin to open and read."""
        self._progress_s = time.monotonic()
        self._thread.start()

    def abandon(self) -> None:
        """Use no more of its pictures; its thread closes the source when the current call returns."""
        with self._lock:  # a picture that is being handed over is the last one
            self._abandoned = True
        self._ended.set()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait up to ``timeout_s`` seconds until it has ended or is abandoned; returns whether it has."""
        return self._ended.wait(timeout_s)

    def alive(self) -> bool:
        """Whether its thread still runs."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait up to ``timeout_s`` seconds until its thread ends, if it was started."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def silent_s(self) -> float:
        """The seconds since a call of its source last returned."""
        return time.monotonic() - self._progress_s

    def _run(self) -> None:
        try:
            self._source.open()
            self._report(self._on_opened)
            # Some sources can put off or leave out the decoding: see edge.sources.protocol.
            read = getattr(self._source, "read_coded", self._source.read)
            skip = getattr(self._source, "skip", None)
            while not self._abandoned:
                if skip is not None and not self._is_wanted():
                    skip()
                    self._report(self._on_skipped)
                    continue
                picture = read()
                if picture is None:
                    self._progress_s = time.monotonic()
                    continue
                if not isinstance(picture, CodedPicture):
                    check_pixels(picture, self._source.uri)
                self._report(partial(self._on_picture, picture, time.monotonic()))
        except BaseException as error:
            self.failure = error
        finally:
            with contextlib.suppress(Exception):  # closing may fail too if the device is gone
                self._source.close()
            self._ended.set()

    def _report(self, event: Callable[[], None]) -> None:
        self._progress_s = time.monotonic()
        with self._lock:
            if not self._abandoned:
                event()


def check_pixels(pixels: Pixels, uri: str) -> None:
    """Check that ``pixels`` are a picture: shape (height, width, 3) without a 0 in it, dtype uint8.

    Raises :class:`~edge.errors.UnavailableError` if not, for example for the empty frames of a broken camera.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise UnavailableError(f"{uri}: gave {pixels.dtype} {pixels.shape}, not a picture of uint8 (height, width, 3)")
