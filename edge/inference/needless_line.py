"""The line that every interpreter writes to stderr when it is made, and that says nothing to a user."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_NEEDLESS_LINE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
_needless_line_came = threading.Event()
_stderr_lock = threading.Lock()


@contextlib.contextmanager
def without_needless_line() -> Iterator[None]:
    """Remove the runtime's own INFO line, which C++ code writes to descriptor 2; the rest is written on to stderr.

    The line comes once in a process: after it came, descriptor 2 is not replaced any more. What other threads write to
    stderr in the block is written on too, when the block ends.
    """
    if _needless_line_came.is_set():
        yield
        return
    with _stderr_lock:
        kept = caught = None
        try:
            with contextlib.suppress(OSError):  # stderr is closed
                kept = os.dup(2)
                caught = _file_in_memory()
                os.dup2(caught, 2)
            yield
        finally:
            if kept is not None:
                os.dup2(kept, 2)
                os.close(kept)
            if caught is not None:
                _write_on(caught)


def _file_in_memory() -> int:
    """The descriptor of an empty file without a name; only Linux keeps it in memory."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _read_all(caught: int) -> bytes:
    written = b""
    if hasattr(os, "pread"):
        while piece := os.pread(caught, 1 << 16, len(written)):  # not by seeking: a thread may still be writing there
            written += piece
    else:  # Windows reads only at the place of the file
        os.lseek(caught, 0, os.SEEK_SET)
        while piece := os.read(caught, 1 << 16):
            written += piece
    return written


def _write_on(caught: int) -> None:
    written = _read_all(caught)
    os.close(caught)
    if _NEEDLESS_LINE in written:
        _needless_line_came.set()
    rest = b"".join(line for line in written.splitlines(keepends=True) if _NEEDLESS_LINE not in line)
    with contextlib.suppress(OSError):  # stderr is closed, which must not stop the labelling
        while rest:
            rest = rest[os.write(2, rest) :]
