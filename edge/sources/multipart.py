"""The parts of a ``multipart/x-mixed-replace`` body: the format of MJPEG over HTTP."""

from __future__ import annotations

import re

MAX_PART_BYTES = 16 * 1024 * 1024
"""The largest part that is accepted, in bytes; a camera's JPEG usually has a fortieth of that."""

_MAX_HEADER_BYTES = 8 * 1024
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_JPEG_ENDS = (b"\xff\xd9", b"\xff\xd9\r\n")
# A line that begins with two dashes, or any other line but a header, before lines of headers and an empty one: the
# boundary, whatever the answer's own header calls it.
_HEADER_LINE = rb"[A-Za-z][A-Za-z-]*:[^\r\n]*\r?\n"
_ANY_BOUNDARY = re.compile(
    rb"(?:\A|\n)(?:(--[ -~]{1,199}?)[ \t]*\r?\n(?:%b)*|(?![^\r\n:]+:)([!-~][ -~]{0,199}?)[ \t]*\r?\n(?:%b)+)\r?\n"
    % (_HEADER_LINE, _HEADER_LINE)
)


class MultipartParser:
    """Takes the bytes of a body as they come and returns its parts.

    Cameras make mistakes: a wrong length, a missing length, noise between the parts, or a boundary that is not named,
    has another name or no dashes before it. A wrong length costs at most the part that it is in. A part without a
    length is complete as soon as the next boundary has come, or the bytes received so far end as a JPEG does.
    """

    def __init__(self, boundary: str | None) -> None:
        """Expect parts between lines of ``boundary``, the parameter of the body's Content-Type; None: not named."""
        name = (boundary or "").strip("-").encode("latin-1", "replace")
        self._delimiter = b"--" + name if name else None
        self._is_sure = False  # whether the delimiter was seen
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer that need not be searched again
        self._in_body = False
        self._length: int | None = None

    def feed(self, data: bytes) -> None:
        """Take more bytes of the body."""
        self._buffer += data

    def next_part(self) -> bytes | None:
        """The next part without its headers; None until more bytes have come.

        Raises :class:`ValueError` if a part is larger than :data:`MAX_PART_BYTES`.
        """
        if not self._in_body and not self._enter_body():
            return None
        end = self._body_end()
        if end is None:
            if len(self._buffer) > MAX_PART_BYTES:
                raise ValueError(f"a part of more than {MAX_PART_BYTES // 2**20} MiB")
            return None
        part = bytes(self._buffer[:end])
        self._drop(end)
        self._in_body = False
        return part

    def _enter_body(self) -> bool:
        """Find the next boundary and read the headers after it; False while they are not complete."""
        start = self._find_delimiter()
        if start < 0:
            if self._is_sure:
                self._drop(max(0, len(self._buffer) - len(self._delimiter or b"")))
            elif len(self._buffer) > 2 * _MAX_HEADER_BYTES:  # noise before the first part
                self._drop(len(self._buffer) - _MAX_HEADER_BYTES)
            return False
        headers = start + len(self._delimiter or b"")
        end = _HEADER_END.search(self._buffer, headers)
        if end is None:
            if len(self._buffer) - headers > _MAX_HEADER_BYTES:  # not a header: continue with the next boundary
                self._drop(headers)
            return False
        length = _LENGTH.search(self._buffer[headers : end.start()])
        self._length = int(length[1]) if length else None
        if self._length is not None and self._length > MAX_PART_BYTES:
            raise ValueError(f"a part of {self._length} bytes")
        self._drop(end.end())
        self._in_body = True
        return True

    def _find_delimiter(self) -> int:
        """Where the next delimiter begins, -1 if it has not come; the first one says how the camera writes it."""
        start = -1 if self._delimiter is None else self._buffer.find(self._delimiter, self._searched)
        if start >= 0 or self._is_sure:
            self._is_sure = True
            return start
        found = _ANY_BOUNDARY.search(self._buffer)
        if found is None:
            return -1
        self._is_sure = True
        if found[1] is not None:
            self._delimiter = bytes(found[1])
            return found.start(1)
        # Without dashes it could stand in a picture too, so there it must begin a line.
        self._delimiter = b"\n" + bytes(found[2])
        if found.start(2) == 0:
            self._buffer[:0] = b"\n"
            return 0
        return found.start(2) - 1

    def _body_end(self) -> int | None:
        if self._length is not None:
            return self._length if len(self._buffer) >= self._length else None
        assert self._delimiter is not None
        end = self._buffer.find(self._delimiter, self._searched)
        if end >= 0:
            return end
        self._searched = max(0, len(self._buffer) - len(self._delimiter))
        if not self._buffer.endswith(_JPEG_ENDS):
            return None
        # The line end belongs to a boundary without dashes.
        return len(self._buffer) - (self._delimiter.startswith(b"\n") and self._buffer.endswith(b"\n"))

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._searched = 0
