"""One line on a terminal: how many measurements are made, and how much time is left."""

from __future__ import annotations

import shutil
import time
from types import TracebackType
from typing import TextIO

from edge.printable import printable

_CLEAR_LINE = "\r\033[K"


class Progress:
    """A counter of ``total`` measurements on ``stream``; it prints nothing if that is not a terminal.

    Use it in a ``with`` block: the line is gone at the end.
    """

    def __init__(self, stream: TextIO, total: int) -> None:
        self._stream = stream if stream.isatty() else None
        self._total = total
        self._done = 0
        self._measured = 0
        self._started = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._print(_CLEAR_LINE)

    def show(self, what: str) -> None:
        """Show that ``what`` is being measured now."""
        text = f"{100 * self._done // self._total:3d} %  {self._done} of {self._total}"
        if self._measured:
            each_s = (time.monotonic() - self._started) / self._measured
            text += f", {duration(each_s * (self._total - self._done))} left"
        width = shutil.get_terminal_size().columns - 1
        self._print(f"{_CLEAR_LINE}{printable(f'{text}: {what}')[:width]}")

    def advance(self, measured: bool = True) -> None:
        """Count one measurement; ``measured`` is false for one that took no time: known already, or skipped."""
        self._done += 1
        self._measured += measured

    def _print(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()


def duration(seconds: float) -> str:
    """``seconds`` as people say it: ``45 s``, ``12 min 05 s``, ``2 h 07 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
