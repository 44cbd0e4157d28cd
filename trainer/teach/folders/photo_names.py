"""The names of the files of new photos."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Collection
from pathlib import PurePosixPath

from edge.pictures.formats import HEAD_BYTES, heif_format
from edge.pictures.open_image import open_image
from edge.preprocess import decode
from edge.sinks.capture.time_name import time_name
from trainer.photos.look import LOOK_SIZE
from trainer.teach.folders.places import cut
from trainer.teach.state import Hold

_LONGEST_BYTES = 120
_HOLDS = 64  # that are remembered
_ENDINGS = {
    "JPEG": ("jpg", "jpeg", "jpe"),
    "MPO": ("jpg", "jpeg", "jpe", "mpo"),
    "PNG": ("png",),
    "WEBP": ("webp",),
    "GIF": ("gif",),
    "BMP": ("bmp",),
    "TIFF": ("tif", "tiff"),
    "PPM": ("ppm", "pgm", "pbm", "pnm"),
    "HEIC": ("heic", "heif"),
    "AVIF": ("avif",),
}


class HoldNames:
    """The names of recorded photos: those of one hold begin with the time at which it started, so they are a group.

    They have the codelab's form, in which the part before ``_nohash_`` names the group.
    """

    def __init__(self) -> None:
        """Start without holds."""
        self._last: dict[str, tuple[str, int]] = {}  # the time in the names, and how many there are, by hold

    def next(self, hold: Hold, used: Callable[[], Collection[str]]) -> str:
        """The name of the next photo of ``hold``; ``used`` gives the times in the names of all photos.

        A hold whose time another hold has gets a time that is some milliseconds later.
        """
        if hold.id in self._last:
            started, number = self._last[hold.id]
        else:
            number, time_s = 0, hold.started_s
            taken = {*used(), *(started for started, _ in self._last.values())}
            while (started := time_name(time_s)) in taken:
                time_s += 0.001
        self._last[hold.id] = started, number + 1
        while len(self._last) > _HOLDS:
            del self._last[next(iter(self._last))]
        return f"{started}_nohash_{number + 1:04d}.jpg"


def uploaded_name(name: str | None, form: str) -> str:
    """The name of a photo that comes now, as a file ``name`` of the format ``form``.

    It begins with the time. Of ``name`` only letters, digits and a few other characters stay, and no folder.
    """
    given = PurePosixPath(unicodedata.normalize("NFC", name or "").replace("\\", "/")).name
    stem, _, ending = given.rpartition(".") if "." in given[1:] else (given, "", "")
    ending = ending.lower()
    endings = _ENDINGS[form]
    if ending not in endings:
        stem, ending = given, endings[0]
    stem = cut(re.sub(r"[^\w ()+,=@~-]+", "_", stem).strip("._ "), _LONGEST_BYTES) or "photo"
    return f"{time_name(time.time())}-{stem}.{ending}"


def check_picture(content: bytes) -> str:
    """The format of the picture in ``content``, the bytes of a file, after decoding it as ``trainer retrain`` does.

    Raises :class:`~edge.errors.ImageError` if it cannot be decoded, or takes more than the limits of
    :mod:`edge.pictures.limits`.
    """
    decode(content, (LOOK_SIZE, LOOK_SIZE))
    if name := heif_format(content[:HEAD_BYTES]):
        return name
    with open_image(content) as picture:
        return picture.format or "JPEG"
