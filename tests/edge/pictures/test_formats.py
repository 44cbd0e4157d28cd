"""What files are by their first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.pictures.formats import RAW, heif_format, unread_format
from support.colours import encoded, plain


def _box(*brands: bytes) -> bytes:
    """The box ``ftyp`` with these brands, the main one first, and some bytes behind it."""
    size = 12 + 4 * len(brands)
    return size.to_bytes(4, "big") + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:]) + bytes(40)


@pytest.mark.parametrize(
    ("brands", "name"),
    [
        ((b"heic", b"mif1", b"heic"), "HEIC"),
        ((b"mif1", b"heic"), "HEIC"),
        ((b"msf1", b"hevc"), "HEIC"),
        ((b"avif", b"mif1", b"miaf"), "AVIF"),
        ((b"mif1", b"avif"), "AVIF"),
        ((b"avis", b"msf1"), "AVIF"),
        ((b"isom", b"mp42"), None),
        ((b"qt  ",), None),
    ],
)
def test_heif_by_its_brands(brands: tuple[bytes, ...], name: str | None) -> None:
    """HEIC and AVIF differ in one brand; a brand behind the box does not count."""
    assert heif_format(_box(*brands)) == name
    assert heif_format(_box(*brands) + b"heicavif") == name
    assert unread_format(_box(*brands)) == ("a video, not a photo" if name is None else None)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"II*\0\x10\0\0\0CR\x02\0", RAW),
        (_box(b"crx ", b"isom"), RAW),
        (b"FUJIFILMCCD-RAW 0201", RAW),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL photo; save it as JPEG"),
        (b"\xff\x0a\x7f", "a JPEG XL photo; save it as JPEG"),
        (b"8BPS\0\1", "a Photoshop file; save it as JPEG or PNG"),
        (b"%PDF-1.7", "a PDF document, not a photo"),
        (b"RIFF\0\0\0\0AVI LIST", "a video, not a photo"),
        (b"\x1aE\xdf\xa3", "a video, not a photo"),
        (b'<?xml version="1.0"?>\n<!-- a rose -->\n<svg width="2">', "an SVG drawing; save it as PNG"),
        (b"\xef\xbb\xbf<SVG>", "an SVG drawing; save it as PNG"),
        (b"\n<!DOCTYPE html><title>404</title>", "a web page, not a photo; download the file itself"),
        (b"PK\x03\x04", "a zip archive, not a photo; unpack it first"),
    ],
)
def test_formats_that_are_not_read(head: bytes, reason: str) -> None:
    """A known format has a name and, if there is one, a way to a photo."""
    assert unread_format(head) == reason
    assert heif_format(head) is None


@pytest.mark.parametrize("head", [b"", b"ftyp", b"\0\0\0\x18ftyp", b"call the gardener", b"<?xml version='1.0'?><rss>"])
def test_unknown_files_have_no_name(head: bytes) -> None:
    """What is not known is not guessed."""
    assert (heif_format(head), unread_format(head)) == (None, None)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_formats_that_are_read_have_no_reason(form: str) -> None:
    """A photo of a format that is read is not taken for another format, even if it is damaged."""
    assert unread_format(encoded(plain("red"), form)) is None


@given(st.binary(max_size=80), st.sampled_from([b"", b"\0\0\0\x18ftyp", b"RIFF", b"\0\0\0\x0c", b"<"]))
def test_any_bytes_have_an_answer(content: bytes, start: bytes) -> None:
    """Whatever the bytes are, the answer is a name or None."""
    assert heif_format(start + content) in ("HEIC", "AVIF", None)
    assert unread_format(start + content) is None or unread_format(start + content)
