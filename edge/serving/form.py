"""Forms with files: bodies of the type ``multipart/form-data`` (RFC 7578)."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from edge.serving.answers import Refused

_BOUNDARY = re.compile(r'[; \t]boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))', re.IGNORECASE)
_HEADER_BYTES = 8 << 10  # of one part
_DISPOSITION = re.compile(r"^content-disposition:[ \t]*form-data\b([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_FILE_NAME = re.compile(r'[; \t]filename=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))', re.IGNORECASE)
_UTF8_FILE_NAME = re.compile(r"[; \t]filename\*=utf-8'[^']*'([^\s;]+)", re.IGNORECASE)
_FOLDED = re.compile(r"\r\n[ \t]+")  # a header that goes on in the next line
_ENCODED = re.compile(r"^content-transfer-encoding:(?![ \t]*(?:binary|[78]bit)\b)", re.IGNORECASE | re.MULTILINE)
_ESCAPED = re.compile(r'\\(["\\])')


class Part(NamedTuple):
    """One part of a form: the name of the file, which may be empty, and its bytes."""

    file_name: str
    content: bytes


def boundary_of(content_type: str) -> bytes:
    """The boundary between the parts, which the header ``Content-Type`` names.

    Raises :class:`Refused`, 400, if it does not.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Refused(400, "the header Content-Type names no boundary of the form; let your program make the form")
    return (found[1] or found[2]).encode("latin-1", "replace")


def parse_form(body: bytes, boundary: bytes, most_parts: int) -> list[Part]:
    """The parts of a form, in their order.

    Raises :class:`Refused`: 400 if it is not one, is cut off, or has a part that is no file; 413 if it has more than
    ``most_parts``.
    """
    delimiter = b"\r\n--" + boundary
    # The first delimiter may be the start of the body. Places, not pieces: a copy of all pictures takes its time.
    place = -2 if body.startswith(delimiter[2:]) else body.find(delimiter)
    if place == -1:
        raise Refused(400, "the body does not have the boundary that the header Content-Type names")
    parts: list[Part] = []
    while place != -1:
        begin = place + len(delimiter)
        if body.startswith(b"--", begin):
            return parts
        if len(parts) == most_parts:
            raise Refused(413, f"too many pictures in one request; it may have {most_parts}")
        place = body.find(delimiter, begin)
        parts.append(_parse_part(body, begin, len(body) if place == -1 else place))
    raise Refused(400, "the form is cut off: its last boundary is missing")


def _parse_part(body: bytes, begin: int, end: int) -> Part:
    """The part from ``begin``, behind its boundary, to ``end``."""
    line_end = body.find(b"\r\n", begin, end)
    if line_end == -1 or body[begin:line_end].strip(b" \t"):
        raise Refused(400, "the form is damaged: a boundary does not end its line")
    head_end = body.find(b"\r\n\r\n", line_end, min(end, line_end + _HEADER_BYTES))
    if head_end == -1:
        raise Refused(400, "the form is damaged: the headers of a part have no end")
    return Part(_file_name(body[line_end:head_end].decode("utf-8", "replace")), body[head_end + 4 : end])


def _file_name(head: str) -> str:
    head = _FOLDED.sub(" ", head)
    if _ENCODED.search(head):
        raise Refused(
            400, "a part of the form has a Content-Transfer-Encoding; send the bytes of the picture as they are"
        )
    disposition = _DISPOSITION.search(head)
    text = disposition[1] if disposition else ""
    if encoded := _UTF8_FILE_NAME.search(text):
        return unquote(encoded[1], errors="replace")
    named = _FILE_NAME.search(text)
    if named is None:
        raise Refused(400, "a part of the form is no file: send pictures only, each with a file name")
    if named[2]:
        return named[2]
    # Browsers write quotes and line ends as %22, %0D and %0A, and nothing else in this way; curl writes backslashes.
    name = _ESCAPED.sub(r"\1", named[1])
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
