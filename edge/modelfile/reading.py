"""Reading a whole file of limited size: not a device, not a pipe, nothing that would fill the memory."""

from __future__ import annotations

import stat
from pathlib import Path

from edge.errors import ModelError
from edge.system.drives import asking, with_limit

MAX_MODEL_BYTES = 1 << 30
"""The largest model file, in bytes. The largest image classifiers in use have a few hundred megabytes."""

MAX_LABEL_BYTES = 16 << 20
"""The largest label file, in bytes: far more than a million labels need."""

ZIP_START = b"PK\x03\x04"
"""The first bytes of a zip."""

_PIECE_BYTES = 1 << 16


def read_bounded(path: Path, largest: int, what: str) -> bytes:
    """The content of the file at ``path``; ``what`` is what it should be, for messages: "the model".

    Raises :class:`~edge.errors.ModelError` if it cannot be read, is a folder, a pipe or a device, or has more than
    ``largest`` bytes, and :class:`~edge.errors.StorageError` if its drive does not answer.
    """
    return with_limit(lambda: _read(path, largest, what))


def _read(path: Path, largest: int, what: str) -> bytes:
    try:
        with asking(path):
            status = path.stat()  # before opening: opening a pipe would wait for a writer
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise ModelError(f"{path}: cannot read {what} (a device, a pipe or a socket); give a regular file")
        if status.st_size > largest:
            raise _too_large(path, largest, what)
        pieces, size = [], 0
        with asking(path), path.open("rb") as file:
            while size <= largest and (piece := file.read(max(status.st_size + 1 - size, _PIECE_BYTES))):
                pieces.append(piece)
                size += len(piece)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise ModelError(f"{path}: cannot read {what} ({getattr(error, 'strerror', None) or error})") from None
    except MemoryError:
        raise ModelError(f"{path}: cannot read {what} (not enough memory)") from None
    if size > largest:  # it grew, or its size is not known before
        raise _too_large(path, largest, what)
    return b"".join(pieces)


def _too_large(path: Path, largest: int, what: str) -> ModelError:
    return ModelError(f"{path}: too large to be {what}: it has more than {largest >> 20} MB")
