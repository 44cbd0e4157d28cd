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

from edge.errors import ImageError

PREPROCESSING_VERSION = 2
"""Changes with every change that alters a pixel; cached bottlenecks and models are valid for one version only."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""The only formats that are opened; Pillow's other readers are seldom used and less tested.

A phone's photo with a preview (MPO) counts as JPEG.
"""

MAX_PIXELS = 89_478_485
"""The largest picture that is decoded, in pixels: Pillow's own limit, 256 MiB of RGB."""

WHOLE_PIXELS = 1920 * 1080
"""A JPEG with more pixels than this is decoded at reduced size, never below the model's input.

Decoding at 1/2, 1/4 or 1/8 takes a fraction of the time. It also gives slightly different pixels, and an 8-bit model
may give them different scores. A camera's frame is never reduced, and the same picture saved as a file must give the
same pixels. So files are not reduced up to Full HD, the largest frame that cameras usually stream.
"""

_REDUCING_GAP = 2.0  # the picture is first reduced by whole steps, down to this multiple of the wanted size
_SIXTEEN_BIT_STEP = 256

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
    :data:`FORMATS`, or holds more than :data:`MAX_PIXELS`.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if size is not None and picture.width * picture.height > WHOLE_PIXELS:
                picture.draft("RGB", size)
            if picture.width * picture.height > MAX_PIXELS:
                raise ImageError(f"too large: {picture.width} x {picture.height} pixels; scale it down")
            return to_rgb(_upright(picture))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"not an image of a known format ({', '.join(FORMATS)})") from None
    except Image.DecompressionBombError:
        raise ImageError(f"too large: more than {2 * MAX_PIXELS} pixels; scale it down") from None
    except MemoryError:
        raise ImageError("too large: not enough memory to decode it; scale it down") from None
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or error}") from None
    except Exception as error:
        # on damaged bytes Pillow's readers raise SyntaxError, struct.error, ValueError, EOFError, TypeError...
        raise ImageError(f"damaged: {error}") from None


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
            layer = picture.convert("RGBA")
            white = Image.new("RGBA", layer.size, "white")
            return Image.alpha_composite(white, layer).convert("RGB")
        return picture.convert("RGB")
    except ValueError as error:
        raise ImageError(f"pixels of mode {picture.mode}: {error}; save it as RGB") from None


def _from_array(array: npt.NDArray[Any]) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ImageError(f"an array must be uint8 (height, width, 3) RGB, not {array.dtype} {array.shape}")
    return Image.fromarray(array)
