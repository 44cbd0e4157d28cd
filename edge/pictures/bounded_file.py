"""Files that Pillow cannot read without end: their size and the number of reads are limited."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import BinaryIO

from edge.errors import ImageError
from edge.system.drives import asking

MAX_FILE_BYTES = 256 << 20
"""A larger file is refused: reading it whole could exhaust the memory."""

MAX_READS = 500_000
"""How often Pillow's readers may read from one file: they read headers in small pieces, in Python."""

MAX_HEAD_BYTES = 32 << 20
"""The most bytes of a JPEG before its pixels: Pillow copies all EXIF that it has found for each part of it."""


_WHOLE_BYTES = 1 << 20
"""A JPEG up to this size is read at once, and its reads are not counted: it has fewer bytes than it may be read."""

_JPEG = b"\xff\xd8\xff"


class _Counted(io.BufferedIOBase):
    """A file that can be read :data:`MAX_READS` times, and whole only up to :data:`MAX_FILE_BYTES`."""

    reads = 0
    left_bytes: int | None = None  # how many bytes may still be read; None: all

    def read(self, size: int | None = -1, /) -> bytes:
        """As :meth:`io.BufferedIOBase.read`. Raises :class:`~edge.errors.ImageError` if it is read too often."""
        self.reads += 1
        if self.reads > MAX_READS:
            raise ImageError(
                f"damaged: its parts are too small, more than {MAX_READS:,} of them; save it again as JPEG"
            )
        content = super().read(MAX_FILE_BYTES + 1 if size is None or size < 0 else size)
        if self.left_bytes is not None:
            self.left_bytes -= len(content)
            if self.left_bytes < 0:
                raise ImageError(
                    f"damaged: more than {MAX_HEAD_BYTES >> 20} MiB before its pixels; save it again as JPEG"
                )
        return content


class _CountedFile(_Counted, io.BufferedReader):
    def read(self, size: int | None = -1, /) -> bytes:
        """As that of :class:`_Counted`; the drive has a limit of time."""
        with asking(self.name):
            return super().read(size)


class _CountedBytes(_Counted, io.BytesIO):
    pass


def open_bounded(source: str | os.PathLike[str] | bytes | BinaryIO) -> BinaryIO:
    """``source`` as a file for Pillow that cannot be read without end; a file that is not a path comes back as it is.

    Raises :class:`~edge.errors.ImageError` if it is larger than :data:`MAX_FILE_BYTES`, and :class:`OSError` if it
    cannot be opened.
    """
    if isinstance(source, bytes):
        check_file_size(len(source))
        return io.BytesIO(source) if _is_small_jpeg(source) else _CountedBytes(source)
    if isinstance(source, (str, os.PathLike)):
        with asking(source):
            file = _CountedFile(io.FileIO(source))
        try:
            if not file.seekable():  # a pipe
                return open_bounded(_Counted.read(file, MAX_FILE_BYTES + 1))  # however long its writer takes
            size_bytes = os.fstat(file.fileno()).st_size
            check_file_size(size_bytes)
            if size_bytes <= _WHOLE_BYTES:
                with asking(source):
                    content = file.raw.read(size_bytes + 1) or b""
                if len(content) == size_bytes and _is_small_jpeg(content):  # else it grows, or its read was cut short
                    file.close()
                    return io.BytesIO(content)
                file.seek(0)
        except ImageError:
            file.close()
            raise
        return file
    return source if source.seekable() else open_bounded(source.read(MAX_FILE_BYTES + 1))


@contextlib.contextmanager
def limited_head(file: BinaryIO) -> Iterator[None]:
    """In the block, at most :data:`MAX_HEAD_BYTES` can be read from ``file``, which :func:`open_bounded` has opened.

    The block raises :class:`~edge.errors.ImageError` if there are more.
    """
    if not isinstance(file, _Counted):  # it is small
        yield
        return
    file.left_bytes = MAX_HEAD_BYTES
    try:
        yield
    finally:
        file.left_bytes = None


def _is_small_jpeg(content: bytes) -> bool:
    """Whether Pillow may read ``content`` without being counted, which takes 3 % of the time of decoding.

    A JPEG's reader takes at least one byte with each read, and never goes back.
    """
    return len(content) <= _WHOLE_BYTES and content.startswith(_JPEG)


def check_file_size(size_bytes: int) -> None:
    """Raise :class:`~edge.errors.ImageError` if ``size_bytes`` is more than :data:`MAX_FILE_BYTES`."""
    if size_bytes > MAX_FILE_BYTES:
        raise ImageError(f"too large for a photo: {size_bytes >> 20} MiB; it may have {MAX_FILE_BYTES >> 20} MiB")


def size_in_bytes(file: BinaryIO) -> int:
    """The size of ``file``, open for reading, in bytes."""
    if isinstance(file, io.BytesIO):
        return file.getbuffer().nbytes
    with contextlib.suppress(OSError, AttributeError, ValueError):
        return os.fstat(file.fileno()).st_size
    place = file.tell()
    size_bytes = file.seek(0, io.SEEK_END)
    file.seek(place)
    return size_bytes
