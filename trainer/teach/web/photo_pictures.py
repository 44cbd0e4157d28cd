"""Pictures of photos for the page: thumbnails, which are made once and kept, and large ones."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection
from pathlib import Path

from PIL import Image

from edge.errors import StorageError
from edge.files import write_whole
from edge.pictures.bounded_file import open_bounded
from edge.pictures.limits import may_read_exif
from edge.pictures.open_image import open_image
from edge.preprocess import decode

THUMBNAIL_SIDE = 160
"""The shorter side of a thumbnail, in pixels."""
THUMBNAIL_LONG_SIDE = 320
"""The most pixels of its longer side; only the thumbnails of very long pictures are smaller."""
LONG_SIDE = 1600
"""The most pixels of the longer side of a large picture."""

_THUMBNAIL_QUALITY, _QUALITY = 75, 88
_ORIENTATION, _SIDEWAYS = 0x0112, (5, 6, 7, 8)


class Thumbnails:
    """Small JPEGs of photos in a folder, one for each id. An id always means the same picture."""

    def __init__(self, folder: Path) -> None:
        """Keep them in ``folder``, which is made when it is needed."""
        self._folder = folder

    def kept(self, id_: str) -> bytes | None:
        """The thumbnail of the photo ``id_``, None if there is none yet."""
        with contextlib.suppress(OSError):
            return self._path(id_).read_bytes() or None
        return None

    def make(self, id_: str, photo: Path) -> bytes:
        """Make the thumbnail of the photo ``id_``, whose file is ``photo``; if the disk is full it is not kept.

        Raises :class:`~edge.errors.ImageError` if it cannot be decoded.
        """
        picture = decode(photo, (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        scale = min(THUMBNAIL_SIDE / min(picture.size), THUMBNAIL_LONG_SIDE / max(picture.size), 1)
        jpeg = _encoded(picture, scale, _THUMBNAIL_QUALITY)
        with contextlib.suppress(StorageError):
            write_whole(self._path(id_), jpeg)
        return jpeg

    def remove_others(self, ids: Collection[str]) -> None:
        """Remove the thumbnails of all photos but ``ids``, and what a stop while writing has left."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.suffix != ".jpg" or path.stem not in ids:
                    with contextlib.suppress(OSError):
                        path.unlink()

    def _path(self, id_: str) -> Path:
        return self._folder / f"{id_}.jpg"


def large_picture(photo: Path) -> bytes:
    """The photo as an upright JPEG of at most :data:`LONG_SIDE` pixels, without what else is in its file.

    Raises :class:`~edge.errors.ImageError` if it cannot be decoded.
    """
    picture = decode(photo, (LONG_SIDE, LONG_SIDE))
    return _encoded(picture, min(LONG_SIDE / max(picture.size), 1), _QUALITY)


def upright_size(photo: Path) -> tuple[int, int] | None:
    """Width and height of the upright photo in pixels, without decoding it; None if it cannot be opened."""
    # Pillow's readers raise errors of many kinds for damaged files.
    with contextlib.suppress(Exception), open_bounded(photo) as file, open_image(file) as picture:
        turned = may_read_exif(picture.info) and picture.getexif().get(_ORIENTATION) in _SIDEWAYS
        return (picture.height, picture.width) if turned else picture.size
    return None


def _encoded(picture: Image.Image, scale: float, quality: int) -> bytes:
    if scale < 1:
        size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
        picture = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=quality)
    return encoded.getvalue()
