"""Small copies of photos, to be part of a page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from edge.errors import ImageError, UnavailableError
from edge.preprocess import decode
from edge.system.drives import with_limit
from trainer.photos.reading import openable

SIZE = 176
"""Pixels of a thumbnail's longer side."""

_QUALITY = 62  # of the JPEG: about 6 KB per photo


def thumbnail(path: Path, size: int = SIZE) -> tuple[str, int, int] | None:
    """A small JPEG of the photo at ``path`` as a ``data:`` address, its width and its height in pixels.

    The longer side has at most ``size`` pixels.

    None if the photo cannot be decoded any more. Raises :class:`~edge.errors.StorageError` if its drive does not
    answer.
    """
    try:
        picture = with_limit(lambda: decode(openable(path), (size, size)))
    except (ImageError, UnavailableError):
        return None
    picture.thumbnail((size, size))
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.getvalue()).decode()}", picture.width, picture.height
