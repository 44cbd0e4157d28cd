"""Image files opened by Pillow, and what they are if Pillow does not open them."""

from __future__ import annotations

import contextlib
import logging
import os
import struct
from typing import Any, BinaryIO

from PIL import Image, UnidentifiedImageError

from edge.distribution import install_command
from edge.errors import ImageError
from edge.pictures.bounded_file import limited_head, open_bounded, size_in_bytes
from edge.pictures.formats import HEAD_BYTES, RAW, heif_format
from edge.pictures.limits import check_tiff_pieces

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""The formats that are always opened; Pillow's other readers are seldom used and less tested.

A phone's photo with a preview (MPO) counts as JPEG. HEIC and AVIF are opened too if the extra ``heif`` is installed.
"""

# Without a handler, Python prints Pillow's log of an error on stderr, beside the one line of the ImageError.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_SIGNATURE_BYTES, _JPEG = 8, b"\xff\xd8\xff"
_SUBFILE_TYPE, _SUB_PICTURES, _DNG_VERSION = 254, 330, 50706  # tags of TIFF


def open_image(source: bytes | BinaryIO) -> Image.Image:
    """``source`` opened by Pillow and not decoded, with a plugin that is loaded only now if it is HEIC or AVIF.

    Raises :class:`~edge.errors.ImageError` if the plugin is missing, and Pillow's errors for other files.
    """
    file = open_bounded(source)
    head = file.read(_SIGNATURE_BYTES)
    file.seek(0)
    if head.startswith(_JPEG):
        return _open_jpeg(file)
    check_tiff_pieces(file, head)
    try:
        return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        name = heif_format(head_of(file))
        if name is None:
            raise
    plugin = _load_heic() if name == "HEIC" else _load_avif()
    from edge.pictures.heif_limits import check_heif, return_large_blocks  # most photos are JPEG

    return_large_blocks()
    check_heif(file, size_in_bytes(file), name)
    try:
        return Image.open(file, formats=[plugin])
    except UnidentifiedImageError:
        raise ImageError(f"damaged: {name} photo that cannot be decoded") from None


def _open_jpeg(file: BinaryIO) -> Image.Image:
    """A JPEG, opened by its plugin: Pillow's ``open`` refuses pixels that the decoder would leave out.

    It also imports the plugins of other formats, which takes time at a cold start.
    """
    from PIL import JpegImagePlugin

    try:
        with limited_head(file):
            picture: Image.Image = JpegImagePlugin.jpeg_factory(file, "")
        return picture
    except (SyntaxError, IndexError, TypeError, struct.error):  # as Pillow's ``open`` does
        raise UnidentifiedImageError("damaged JPEG") from None


def head_of(source: str | os.PathLike[str] | bytes | BinaryIO) -> bytes:
    """The first bytes of ``source``; none if they cannot be read again."""
    if isinstance(source, bytes):
        return source[:HEAD_BYTES]
    with contextlib.suppress(OSError, ValueError):
        if isinstance(source, (str, os.PathLike)):
            if not os.path.isfile(source):  # a pipe gives its bytes only once
                return b""
            with open(source, "rb") as file:  # noqa: PTH123
                return file.read(HEAD_BYTES)
        source.seek(0)
        return source.read(HEAD_BYTES)
    return b""


def _load_heic() -> str:
    """Load the plugin for HEIC; returns its name for Pillow."""
    try:
        import pillow_heif

        # A thumbnail in the file may be small or another picture: only the photo itself is decoded.
        pillow_heif.register_heif_opener(thumbnails=False)
    except ImportError:
        raise ImageError(_without_reader("HEIC")) from None
    return "HEIF"


def _load_avif() -> str:
    """Load Pillow's plugin for AVIF, which it has since release 11.3; returns its name for Pillow."""
    try:
        from PIL import AvifImagePlugin
    except ImportError:
        raise ImageError(_without_reader("AVIF")) from None
    if not AvifImagePlugin.SUPPORTED:
        raise ImageError("AVIF photo, and Pillow was built without AVIF on this machine; save it as JPEG")
    return "AVIF"


def _without_reader(name: str) -> str:
    # A phone that posts its photos to a server can install nothing there.
    return f"{name} photo: {install_command('heif')} where this program runs, or give JPEG"


def refuse_raw(picture: Image.Image) -> None:
    """Refuse a TIFF file whose first picture is only the small preview of a camera's raw photo (DNG, NEF, ARW)."""
    tags: Any = getattr(picture, "tag_v2", {})
    is_preview = bool(tags.get(_SUBFILE_TYPE, 0) & 1) and _SUB_PICTURES in tags
    if _DNG_VERSION in tags or is_preview:
        raise ImageError(RAW)
