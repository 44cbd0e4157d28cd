"""From a picture to the pixels a model takes: the one decoder and the one resize of training and serving.

Pillow decodes (other decoders treat EXIF orientation, truncation and colour differently). The picture is turned
upright, put on white if it is transparent, made RGB and squashed to the model's size with an antialiased bilinear
filter.
"""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any, BinaryIO, Union

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from edge.distribution import install_command
from edge.errors import ImageError
from edge.image_formats import HEAD_BYTES, RAW, heif_format, unread_format

PREPROCESSING_VERSION = 2
"""Changes with every change that alters a pixel; cached bottlenecks and models are valid for one version only."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""The formats that are always opened; Pillow's other readers are seldom used and less tested.

A phone's photo with a preview (MPO) counts as JPEG. HEIC and AVIF are opened too if the extra ``heif`` is installed.
"""

MAX_PIXELS = 89_478_485
"""The largest picture that is opened, in pixels (width times height in the file), whatever its format: the size up to
which Pillow opens a picture without a warning."""

_TOO_LARGE = f"too large: more than {MAX_PIXELS:,} pixels; scale it down"

WHOLE_PIXELS = 1920 * 1080
"""A JPEG with more pixels than this is decoded at reduced size, never below the model's input.

Decoding at 1/2, 1/4 or 1/8 takes a fraction of the time. It also gives slightly different pixels, and an 8-bit model
may give them different scores. A camera's frame is never reduced, and the same picture saved as a file must give the
same pixels. So files are not reduced up to Full HD, the largest frame that cameras usually stream.
"""

_REDUCING_GAP = 2.0  # the picture is first reduced by whole steps, down to this multiple of the wanted size
_SIXTEEN_BIT_STEP = 256
_ROWS = 256  # of a transparent picture, put on white in one step
_SUBFILE_TYPE, _SUB_PICTURES, _DNG_VERSION = 254, 330, 50706  # tags of TIFF

Pixels = npt.NDArray[np.uint8]
ImageSource = Union[str, "os.PathLike[str]", bytes, BinaryIO, Image.Image, Pixels]


def preprocess(source: ImageSource, size: tuple[int, int]) -> Pixels:
    """The pixels of ``source`` for a model: shape ``(height, width, 3)``, dtype uint8, RGB.

    ``source`` is a path, the bytes of an image file, a binary file, a Pillow image, or an array of shape
    ``(height, width, 3)``, uint8, RGB. ``size`` is the model's (width, height) in pixels.

    Raises :class:`~edge.errors.ImageError` if the picture cannot be decoded or is too large.
    """
    if isinstance(source, np.ndarray):
        picture = _from_array(source)
    elif isinstance(source, Image.Image):
        picture = to_rgb(source)
    else:
        picture = decode(source, size)
    return np.asarray(squash(picture, size), np.uint8)


def squash(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """``picture`` (RGB) at ``size``, (width, height) in pixels, by an antialiased bilinear filter.

    Each row is filtered first, then each column, with 8 bits a colour between the two.

    Pillow's own ``resize`` with ``reducing_gap`` takes the same steps, but from release 13 on it filters the columns of
    some pictures first, which gives different pixels. So each of the two passes is a call of its own.
    """
    if picture.size == size:
        return picture
    across, down = (picture.width / size[0], picture.height / size[1])
    steps = (max(int(across / _REDUCING_GAP), 1), max(int(down / _REDUCING_GAP), 1))
    width, height = (picture.width / steps[0], picture.height / steps[1])
    if steps != (1, 1):
        picture = picture.reduce(steps)
    rows = picture.resize((size[0], picture.height), Image.Resampling.BILINEAR, box=(0, 0, width, picture.height))
    return rows.resize(size, Image.Resampling.BILINEAR, box=(0, 0, size[0], height))


def decode(source: str | os.PathLike[str] | bytes | BinaryIO, size: tuple[int, int] | None = None) -> Image.Image:
    """Decode an image file to an upright RGB picture; an animation gives its first frame.

    With ``size`` (width, height in pixels) a JPEG larger than :data:`WHOLE_PIXELS` is decoded at 1/2, 1/4 or
    1/8, never smaller than ``size``.

    Raises :class:`~edge.errors.ImageError` if the file is missing, empty, truncated, not an image of
    :data:`FORMATS` or of the extra ``heif``, or holds more than :data:`MAX_PIXELS`.
    """
    try:
        with open_image(source) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ImageError(_TOO_LARGE)
            if picture.format == "TIFF":
                _refuse_raw(picture)
            if size is not None and picture.width * picture.height > WHOLE_PIXELS:
                picture.draft("RGB", size)
            return to_rgb(_upright(picture))
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(_TOO_LARGE) from None
    except MemoryError:
        raise ImageError("too large: not enough memory to decode it; scale it down") from None
    except Exception as error:
        raise ImageError(unread_format(_head(source)) or _why_unread(error)) from None


def _why_unread(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"not an image of a known format ({', '.join(FORMATS)})"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    # on damaged bytes Pillow's readers raise SyntaxError, struct.error, ValueError, EOFError, TypeError...
    return f"damaged: {error}"


def open_image(source: str | os.PathLike[str] | bytes | BinaryIO) -> Image.Image:
    """``source`` opened by Pillow and not decoded, with a plugin that is loaded only now if it is HEIC or AVIF.

    Raises :class:`~edge.errors.ImageError` if the plugin is missing, and Pillow's errors for other files.
    """
    try:
        return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)
    except UnidentifiedImageError:
        name = heif_format(_head(source))
        if name is None:
            raise
    plugin = _load_heic() if name == "HEIC" else _load_avif()
    try:
        return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=[plugin])
    except UnidentifiedImageError:
        raise ImageError(f"damaged: {name} photo that cannot be decoded") from None


def _head(source: str | os.PathLike[str] | bytes | BinaryIO) -> bytes:
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
        raise ImageError(f"HEIC photo: {install_command('heif')}") from None
    return "HEIF"


def _load_avif() -> str:
    """Load Pillow's plugin for AVIF, which it has since release 11.3; returns its name for Pillow."""
    try:
        from PIL import AvifImagePlugin
    except ImportError:
        raise ImageError(f"AVIF photo: {install_command('heif')}") from None
    if not AvifImagePlugin.SUPPORTED:
        raise ImageError("AVIF photo, and Pillow was built without AVIF on this machine; save it as JPEG")
    return "AVIF"


def _refuse_raw(picture: Image.Image) -> None:
    """Refuse a TIFF file whose first picture is only the small preview of a camera's raw photo (DNG, NEF, ARW)."""
    tags: Any = getattr(picture, "tag_v2", {})
    is_preview = bool(tags.get(_SUBFILE_TYPE, 0) & 1) and _SUB_PICTURES in tags
    if _DNG_VERSION in tags or is_preview:
        raise ImageError(RAW)


def _upright(picture: Image.Image) -> Image.Image:
    from PIL import ImageOps

    picture.load()  # before the block that ignores errors: a truncated picture is an error, broken EXIF is not
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)  # in place: most pictures are upright and need no copy
    return picture


def to_rgb(picture: Image.Image) -> Image.Image:
    """``picture`` as 8-bit RGB: transparency on white, 16-bit grey scaled to 8 bits.

    Raises :class:`~edge.errors.ImageError` for floating-point pixels, whose range is not known, and for the
    few modes that Pillow itself cannot turn into RGB.
    """
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode == "F":
        raise ImageError("floating-point pixels; save it with 8 bits a channel")
    if picture.mode.startswith("I"):
        values = np.asarray(picture)
        return Image.fromarray((values // _SIXTEEN_BIT_STEP).clip(0, 255).astype(np.uint8)).convert("RGB")
    try:
        if picture.has_transparency_data:
            return _on_white(picture if picture.mode == "RGBA" else picture.convert("RGBA"))
        return picture.convert("RGB")
    except ValueError as error:
        raise ImageError(f"pixels of mode {picture.mode}: {error}; save it as RGB") from None


def _on_white(layer: Image.Image) -> Image.Image:
    """``layer`` (RGBA) on white, some rows at a time: all rows at once would take the memory of four pictures."""
    flat = Image.new("RGB", layer.size)
    for top in range(0, layer.height, _ROWS):
        rows = layer.crop((0, top, layer.width, min(top + _ROWS, layer.height)))
        white = Image.new("RGBA", rows.size, "white")
        flat.paste(Image.alpha_composite(white, rows).convert("RGB"), (0, top))
    return flat


def _from_array(array: npt.NDArray[Any]) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ImageError(f"an array must be uint8 (height, width, 3) RGB, not {array.dtype} {array.shape}")
    return Image.fromarray(array)
