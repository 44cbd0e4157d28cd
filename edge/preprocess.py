"""From a picture to the pixels a model takes: the one decoder and the one resize of training and serving.

Pillow decodes (other decoders treat EXIF orientation, truncation and colour differently). The picture is turned
upright, put on white if it is transparent, made RGB and squashed to the model's size with an antialiased bilinear
filter.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Union

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from edge.errors import ImageError, NotReadError
from edge.pictures.bounded_file import open_bounded, size_in_bytes
from edge.pictures.formats import unread_format
from edge.pictures.limits import check_limits, may_read_exif, silence_libtiff, too_large
from edge.pictures.open_image import FORMATS, head_of, open_image, refuse_raw
from edge.unread_photos import is_of_drive

PREPROCESSING_VERSION = 2
"""Changes with every change that alters a pixel; cached bottlenecks and models are valid for one version only."""

WHOLE_PIXELS = 1920 * 1080
"""A JPEG with more pixels than this is decoded at reduced size, never below the model's input.

Decoding at 1/2, 1/4 or 1/8 takes a fraction of the time. It also gives slightly different pixels, and an 8-bit model
may give them different scores. A camera's frame is never reduced, and the same picture saved as a file must give the
same pixels. So files are not reduced up to Full HD, the largest frame that cameras usually stream.
"""

_REDUCING_GAP = 2.0  # the picture is first reduced by whole steps, down to this multiple of the wanted size
_SIXTEEN_BIT_STEP = 256
_ROWS = 256  # of a transparent picture, put on white in one step
_WHOLE_AT_ONCE = 1 << 22  # pixels up to which a picture is converted as a whole
_ORIENTATION = 0x0112  # tag of EXIF
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset(_TURNS[value] for value in (5, 6, 7, 8))
_FROM_THE_END = frozenset(_TURNS[value] for value in (3, 4, 7, 8))  # the first upright row is the last row or column

Pixels = npt.NDArray[np.uint8]
ImageSource = Union[str, "os.PathLike[str]", bytes, BinaryIO, Image.Image, Pixels]


def preprocess(source: ImageSource, size: tuple[int, int]) -> Pixels:
    """The pixels of ``source`` for a model: shape ``(height, width, 3)``, dtype uint8, RGB.

    ``source`` is a path, the bytes of an image file, a binary file, a Pillow image, or an array of shape
    ``(height, width, 3)``, uint8, RGB. ``size`` is the model's (width, height) in pixels.

    Raises :class:`~edge.errors.ImageError` if the picture cannot be decoded or is too large.
    """
    if isinstance(source, np.ndarray):
        return np.asarray(squash(_from_array(source), size), np.uint8)
    if isinstance(source, Image.Image):
        return np.asarray(squash(to_rgb(source), size), np.uint8)
    with _decoded(source, size) as (picture, turn):
        return np.asarray(_squash_by_rows(picture, turn, size), np.uint8)


def squash(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """``picture`` (RGB) at ``size``, (width, height) in pixels, by an antialiased bilinear filter.

    Each row is filtered first, then each column, with 8 bits a colour between the two.

    Pillow's own ``resize`` with ``reducing_gap`` takes the same steps, but from release 13 on it filters the columns of
    some pictures first, which gives different pixels. So each of the two passes is a call of its own.
    """
    if picture.size == size:
        return picture
    steps = _reduction(picture.size, size)
    return _filter(picture.reduce(steps) if steps != (1, 1) else picture, steps, picture.size, size)


def _reduction(whole: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The whole steps, across and down, by which a picture of size ``whole`` is reduced before it is filtered."""
    across, down = (whole[0] / size[0], whole[1] / size[1])
    return (max(int(across / _REDUCING_GAP), 1), max(int(down / _REDUCING_GAP), 1))


def _filter(reduced: Image.Image, steps: tuple[int, int], whole: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    """``reduced``, made of a picture of size ``whole`` by ``steps``, at ``size``."""
    width, height = (whole[0] / steps[0], whole[1] / steps[1])
    rows = reduced.resize((size[0], reduced.height), Image.Resampling.BILINEAR, box=(0, 0, width, reduced.height))
    return rows.resize(size, Image.Resampling.BILINEAR, box=(0, 0, size[0], height))


def _squash_by_rows(picture: Image.Image, turn: Image.Transpose | None, size: tuple[int, int]) -> Image.Image:
    """``picture``, of any mode, turned upright by ``turn``, as RGB at ``size``: the pixels of all steps on the whole.

    A large picture is turned, made RGB and reduced some rows at a time, which takes little memory beside its own.
    """
    sideways = turn in _SIDEWAYS
    whole = picture.size[::-1] if sideways else picture.size
    steps = _reduction(whole, size)
    plain = turn is None and picture.mode == "RGB" and "transparency" not in picture.info
    if plain or whole[0] * whole[1] <= _WHOLE_AT_ONCE or steps[0] * steps[1] == 1:
        return squash(to_rgb(picture if turn is None else picture.transpose(turn)), size)
    reduced = Image.new("RGB", ((whole[0] + steps[0] - 1) // steps[0], (whole[1] + steps[1] - 1) // steps[1]))
    rows = steps[1] * max(_ROWS // steps[1], 1)
    for top in range(0, whole[1], rows):
        first, last = top, min(top + rows, whole[1])
        if turn in _FROM_THE_END:
            first, last = whole[1] - last, whole[1] - first
        part = picture.crop((first, 0, last, whole[0]) if sideways else (0, first, whole[0], last))
        reduced.paste(to_rgb(part if turn is None else part.transpose(turn)).reduce(steps), (0, top // steps[1]))
    return _filter(reduced, steps, whole, size)


def decode(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    size: tuple[int, int] | None = None,
    *,
    check: Callable[[Image.Image], None] = lambda opened: None,
) -> Image.Image:
    """Decode an image file to an upright RGB picture; an animation gives its first frame.

    With ``size`` (width, height in pixels) a JPEG larger than :data:`WHOLE_PIXELS` is decoded at 1/2, 1/4 or
    1/8, never smaller than ``size``. ``check`` gets the picture before it is decoded, and may refuse it.

    Raises :class:`~edge.errors.ImageError` if the file is missing, empty, truncated, not an image of
    :data:`FORMATS` or of the extra ``heif``, takes more than the limits of :mod:`edge.pictures.limits`, or if ``check``
    raises it; it is a :class:`~edge.errors.NotReadError` if the file cannot be read.
    """
    with _decoded(source, size, check) as (picture, turn):
        return to_rgb(picture if turn is None else picture.transpose(turn))


@contextlib.contextmanager
def _decoded(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    size: tuple[int, int] | None,
    check: Callable[[Image.Image], None] = lambda opened: None,
) -> Iterator[tuple[Image.Image, Image.Transpose | None]]:
    """The decoded picture of a file, in its own mode, and how to turn it upright; closed after the block.

    Errors of the block are of the same kind: Pillow may find damage only when it converts.
    """
    file = None
    try:
        file = open_bounded(source)
        with open_image(file) as picture:
            if picture.format == "TIFF":
                silence_libtiff()
                refuse_raw(picture)
            if size is not None and picture.width * picture.height > WHOLE_PIXELS:
                picture.draft("RGB", size)
            check(picture)
            check_limits(picture, size_in_bytes(file))
            picture.load()  # before errors are ignored: a truncated picture is an error, broken EXIF is not
            yield picture, _turn(picture)
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(too_large()) from None
    except MemoryError:
        raise ImageError("too large: not enough memory to decode it; scale it down") from None
    except Exception as error:
        if is_of_drive(error):
            raise NotReadError(_why_unread(error)) from None
        raise ImageError(unread_format(head_of(source)) or _why_unread(error)) from None
    finally:
        if file is not None and file is not source:
            file.close()


def _why_unread(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"not an image of a known format ({', '.join(FORMATS)})"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    # on damaged bytes Pillow's readers raise SyntaxError, struct.error, ValueError, EOFError, TypeError...
    return f"damaged: {' '.join(str(error).split())}"


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """How to turn ``picture`` upright, as its EXIF says; None if it is upright or its EXIF is broken."""
    with contextlib.suppress(Exception):
        if may_read_exif(picture.info):
            return _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    return None


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
