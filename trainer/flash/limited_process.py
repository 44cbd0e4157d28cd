"""Run a program with limits of time and of output: what it talks to may be silent, or answer without end."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

from trainer.flash.exchange import Exchange
from trainer.flash.finished import MAX_OUT_BYTES, READ_BYTES, Finished, TooMuchOutput
from trainer.flash.pipe_threads import ThreadExchange


def run_limited(
    command: Sequence[str],
    limit_s: float,
    chunks: Iterable[bytes] | None = None,
    sent: Callable[[int], None] = lambda size: None,
    max_out_bytes: int = MAX_OUT_BYTES,
) -> Finished:
    """Run ``command``, with the bytes of ``chunks`` on its stdin, and return what it answered.

    ``sent`` is called with the size in bytes of every chunk that was written. The program may take ``limit_s`` seconds,
    counted again from every chunk. If it ends early, the other chunks are not written. Whatever is raised, the program
    has ended.

    Raises :class:`OutOfTime`, :class:`TooMuchOutput` if it writes more than ``max_out_bytes`` to stdout, what ``sent``
    raises, and :class:`FileNotFoundError` if there is no such program.
    """
    stdin = subprocess.DEVNULL if chunks is None else subprocess.PIPE
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    # The pipes of Windows cannot be waited for together.
    make = ThreadExchange if sys.platform == "win32" else _PipeExchange
    exchange = make(process, limit_s, iter(chunks or ()), sent, max_out_bytes)
    try:
        return exchange.run()
    except BaseException:
        process.kill()
        raise
    finally:
        exchange.close()
        process.wait()


class _PipeExchange(Exchange):
    """Waits for all pipes at once."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._chunk, self._chunk_bytes = memoryview(b""), 0

    def run(self) -> Finished:
        process = self._process
        with selectors.DefaultSelector() as selector:
            for pipe, event, act in (
                (process.stdin, selectors.EVENT_WRITE, self._write),
                (process.stdout, selectors.EVENT_READ, self._read_out),
                (process.stderr, selectors.EVENT_READ, self._read_err),
            ):
                if pipe:
                    os.set_blocking(pipe.fileno(), False)
                    selector.register(pipe, event, act)
            while selector.get_map():
                for key, _ in selector.select(self._left_s()):
                    if not key.data(key.fileobj):
                        selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
                self._left_s()
        return self._end()

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()

    def _write(self, pipe: IO[bytes]) -> bool:
        """Write what the pipe takes; False if that was the end."""
        if not self._chunk:
            if self._chunk_bytes:
                self._count(self._chunk_bytes)
            self._chunk = memoryview(next(self._chunks, b""))
            self._chunk_bytes = len(self._chunk)
            if not self._chunk:
                return False
        try:
            self._chunk = self._chunk[os.write(pipe.fileno(), self._chunk) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # it has ended; its exit code and stderr say why
            return False
        return True

    def _read_out(self, pipe: IO[bytes]) -> bool:
        data = os.read(pipe.fileno(), READ_BYTES)
        if not self._keep_out(data):
            raise TooMuchOutput
        return bool(data)

    def _read_err(self, pipe: IO[bytes]) -> bool:
        data = os.read(pipe.fileno(), READ_BYTES)
        self._keep_err(data)
        return bool(data)
