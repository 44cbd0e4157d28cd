"""Reading photos: their bytes, their identity, and whether they can be decoded."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from edge.errors import ImageError
from edge.parallel import available_cores, ordered_map
from edge.preprocess import preprocess
from trainer.photos.dataset import Listing

MAX_FILE_BYTES = 256 << 20
"""A file larger than this is no photo; reading it whole could exhaust the memory."""

_PROBE_SIZE = (128, 128)  # small, so that large JPEGs are decoded at reduced size


def identify(listing: Listing) -> tuple[list[bytes | None], list[str | None]]:
    """The sha256 of every candidate's content, or the reason why it cannot be decoded, on all cores.

    The pictures are decoded and thrown away, because only those that training could use may shape the split.
    """

    def examine(path: Path) -> tuple[bytes | None, str | None]:
        try:
            content, _ = read_photo(path)
            preprocess(content, _PROBE_SIZE)
            return hashlib.sha256(content).digest(), None
        except ImageError as error:
            return None, str(error)

    found = list(ordered_map(lambda: examine, (candidate.path for candidate in listing.candidates), available_cores()))
    return [identity for identity, _ in found], [reason for _, reason in found]


def read_photo(path: Path) -> tuple[bytes, os.stat_result]:
    """The bytes of the photo at ``path`` and its status; raises :class:`~edge.errors.ImageError` if it is none."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
                raise ImageError(f"too large for a photo: {status.st_size >> 20} MiB")
            if status.st_size == 0:
                raise ImageError("an empty file")
            return file.read(), status
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}") from None
