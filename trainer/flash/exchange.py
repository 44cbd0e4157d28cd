"""The exchange with a program that has limits: what both ways of waiting for its pipes share."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator

from trainer.flash.finished import MAX_ERR_BYTES, Finished, OutOfTime


class Exchange:
    """Writes and reads as the pipes of ``process`` allow; neither side can make the other one wait for ever."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        limit_s: float,
        chunks: Iterator[bytes],
        sent: Callable[[int], None],
        max_out_bytes: int,
    ) -> None:
        """Prepare what :func:`trainer.flash.limited_process.run_limited` describes."""
        self._process, self._limit_s, self._chunks, self._sent = process, limit_s, chunks, sent
        self._max_out_bytes = max_out_bytes
        self._deadline = time.monotonic() + limit_s
        self._out, self._err = bytearray(), bytearray()

    def run(self) -> Finished:
        """The end of the program. Raises what :func:`~trainer.flash.limited_process.run_limited` does."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the pipes, after the program has ended or was killed."""
        raise NotImplementedError

    def _left_s(self) -> float:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise OutOfTime(self._limit_s)
        return left_s

    def _count(self, size_bytes: int) -> None:
        """A chunk was written: the time counts again from here."""
        self._sent(size_bytes)
        self._deadline = time.monotonic() + self._limit_s

    def _keep_out(self, data: bytes) -> bool:
        """Keep what came from stdout; whether it may be so much."""
        self._out += data
        return len(self._out) <= self._max_out_bytes

    def _keep_err(self, data: bytes) -> None:
        """Keep what came from stderr, but for what is too far from its end."""
        self._err += data
        del self._err[:-MAX_ERR_BYTES]

    def _end(self) -> Finished:
        """The end of the program, whose pipes are at their ends."""
        try:
            code = self._process.wait(self._left_s())
        except subprocess.TimeoutExpired:
            raise OutOfTime(self._limit_s) from None
        return Finished(code, bytes(self._out), bytes(self._err))
