"""The look of a photo: a small grey picture, when it was taken and by which camera. Copies of a photo look alike."""

from __future__ import annotations

import contextlib
import struct
from datetime import datetime
from sys import intern
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from edge.pictures.limits import may_read_exif
from edge.pictures.open_image import open_image
from edge.preprocess import WHOLE_PIXELS, decode

LOOK_SIZE = 64
"""Width and height of the small grey picture, in pixels."""

LOOK_VERSION = 2
"""Changes with every change that alters a look; cached looks are valid for one version only."""

_HEAD = struct.Struct("<d")
_SHAPE = (LOOK_SIZE, LOOK_SIZE)
_EXIF, _MAKE, _MODEL, _SERIAL, _TAKEN, _SUBSECOND = 0x8769, 0x010F, 0x0110, 0xA431, 0x9003, 0x9291
_LONGEST_NAME = 200  # characters
_START = datetime(1970, 1, 1)


class Look(NamedTuple):
    """What photos are compared by.

    ``pixels`` is the whole photo, grey, squashed to (64, 64), uint8. ``taken_s`` is the time of EXIF in seconds of the
    camera's own clock, NaN if it is not known; ``camera`` is maker, model and serial number, "" if they are not known.
    """

    pixels: npt.NDArray[np.uint8]
    taken_s: float = float("nan")
    camera: str = ""

    def without_pixels(self) -> Look:
        """What EXIF says alone, in little memory: looks of which it says nothing are one object."""
        return Look(NO_PIXELS, self.taken_s, intern(self.camera)) if self.camera else _NOTHING

    def to_bytes(self) -> bytes:
        """The look as bytes, for the cache."""
        return _HEAD.pack(self.taken_s) + self.pixels.tobytes() + self.camera.encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Look:
        """The look that :meth:`to_bytes` wrote."""
        (taken_s,) = _HEAD.unpack_from(content)
        end = _HEAD.size + LOOK_SIZE * LOOK_SIZE
        pixels = np.frombuffer(content[_HEAD.size : end], np.uint8).reshape(_SHAPE)
        return cls(pixels, taken_s, content[end:].decode())


NO_PIXELS: npt.NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
"""Those of a look whose pixels are elsewhere."""

_NOTHING = Look(NO_PIXELS)


def look_of(content: bytes, picture: Image.Image, size: tuple[int, int]) -> Look:
    """The look of the photo ``content`` (the bytes of its file).

    ``picture`` is what :func:`~edge.preprocess.decode` returned of it for a model of (width, height) ``size``. A large
    JPEG is decoded at reduced size, and how much it is reduced depends on ``size``. A look must not depend on it: if it
    would, the photo is decoded a second time.

    Raises :class:`~edge.errors.ImageError` if the photo cannot be decoded.
    """
    whole = isinstance(picture, ImageFile.ImageFile) and not picture.decoderconfig  # then the file need not be asked
    return make_look(picture if whole or _same_reduction(content, size) else decode(content, _SHAPE))


def make_look(picture: Image.Image) -> Look:
    """The look of ``picture``, an RGB picture as :func:`~edge.preprocess.decode` returns it."""
    steps = (max(picture.width // LOOK_SIZE, 1), max(picture.height // LOOK_SIZE, 1))
    reduced = picture.convert("L").reduce(steps)
    whole = (0, 0, picture.width / steps[0], picture.height / steps[1])
    grey = reduced.resize(_SHAPE, Image.Resampling.BILINEAR, box=whole)
    return Look(np.asarray(grey), *_read_exif(picture))


def _same_reduction(content: bytes, size: tuple[int, int]) -> bool:
    """Whether :func:`~edge.preprocess.decode` reads the file at the same size for ``size`` and for a look."""
    with open_image(content) as header:
        if header.width * header.height <= WHOLE_PIXELS:
            return True
        header.draft("RGB", size)
        reduced = header.size
    with open_image(content) as header:
        header.draft("RGB", _SHAPE)
        return bool(header.size == reduced)


def _read_exif(picture: Image.Image) -> tuple[float, str]:
    """When and by which camera the photo was taken; broken EXIF, and what must not be read, counts as none."""
    taken_s, camera = float("nan"), ""
    raw = picture.info.get("exif")
    if not raw or not may_read_exif(picture.info):
        return taken_s, camera
    with contextlib.suppress(Exception):  # on damaged bytes Pillow's readers raise errors of many kinds
        exif = Image.Exif()
        exif.load(raw)
        details = exif.get_ifd(_EXIF) if may_read_exif(picture.info, exif.get(_EXIF, 0)) else {}
        names = (exif.get(_MAKE), exif.get(_MODEL), details.get(_SERIAL))
        camera = (
            " ".join(str(name).strip("\0 ") for name in names if name)
            .encode("utf-8", "replace")
            .decode()[:_LONGEST_NAME]
        )
        taken_s = _seconds(str(details.get(_TAKEN, "")).strip("\0 "), str(details.get(_SUBSECOND, "")).strip("\0 "))
    return taken_s, camera


def _seconds(taken: str, subsecond: str) -> float:
    """A time of EXIF, ``2024:01:31 12:00:00`` and a fraction of a second, in seconds from the year 1970 on."""
    whole = (datetime.strptime(taken, "%Y:%m:%d %H:%M:%S") - _START).total_seconds()
    return whole + (float(f"0.{subsecond}") if subsecond.isdecimal() and subsecond.isascii() else 0.0)
