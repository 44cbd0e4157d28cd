"""What a file that is not read is, by its first bytes, so that a message can name the format and what to do."""

from __future__ import annotations

HEAD_BYTES = 1024
"""How many bytes of a file are enough here."""

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})

RAW = "a raw photo of a camera; save it as JPEG"
"""What a file is that a camera writes before it makes a picture of it, such as CR2, NEF, ARW or DNG."""

_VIDEO = "a video, not a photo"
_SIGNATURES = (
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL photo; save it as JPEG"),
    (b"\xff\x0a", "a JPEG XL photo; save it as JPEG"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 photo; save it as JPEG"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 photo; save it as JPEG"),
    (b"8BPS", "a Photoshop file; save it as JPEG or PNG"),
    (b"%PDF", "a PDF document, not a photo"),
    (b"II*\x00\x10\x00\x00\x00CR", RAW),  # Canon CR2
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIRO", RAW),  # Olympus
    (b"IIU\x00", RAW),  # Panasonic
    (b"FOVb", RAW),  # Sigma
    (b"\x1aE\xdf\xa3", _VIDEO),  # Matroska, WebM
    (b"\x00\x00\x01\xba", _VIDEO),  # MPEG
)


def heif_format(head: bytes) -> str | None:
    """``"HEIC"`` or ``"AVIF"`` if a file that begins with ``head`` is one, else None.

    Both are files of the type HEIF: their first box, ``ftyp``, lists brands.
    """
    brands = _brands(head)
    if not _AVIF_BRANDS.isdisjoint(brands):
        return "AVIF"
    return None if _HEIC_BRANDS.isdisjoint(brands) else "HEIC"


def unread_format(head: bytes) -> str | None:
    """What a file that begins with ``head`` is and what to do, in words; None if that is not known."""
    for signature, reason in _SIGNATURES:
        if head.startswith(signature):
            return reason
    brands = _brands(head)
    if brands and heif_format(head) is None:
        return RAW if b"crx " in brands else _VIDEO  # Canon CR3; MP4, MOV, M4V, 3GP
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _VIDEO
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")) and b"<svg" in text:
        return "an SVG drawing; save it as PNG"
    from edge.file_kinds import why_no_photo  # most files are photos

    return why_no_photo(head)


def _brands(head: bytes) -> list[bytes]:
    """The brands of the box ``ftyp`` at the start of ``head``, the main one first; none if there is no such box."""
    if head[4:8] != b"ftyp" or len(head) < 12:
        return []
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[start : start + 4] for start in range(16, end - 3, 4))]
