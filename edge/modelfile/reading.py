"""Reading a model, or what belongs to one: how large it may be, and errors that say what it should be."""

from __future__ import annotations

import errno
from pathlib import Path

from edge.errors import ModelError
from edge.regular_file import read_regular

MAX_MODEL_BYTES = 1 << 30
"""The largest model file, in bytes. The largest image classifiers in use have a few hundred megabytes."""

MAX_LABEL_BYTES = 16 << 20
"""The largest label file, in bytes: far more than a million labels need."""

ZIP_START = b"PK\x03\x04"
"""The first bytes of a zip."""


def read_bounded(path: Path, largest: int, what: str) -> bytes:
    """The content of the file at ``path``; ``what`` is what it should be, for messages: "the model".

    Raises :class:`~edge.errors.ModelError` if it cannot be read, is a folder, a pipe or a device, or has more than
    ``largest`` bytes, and :class:`~edge.errors.StorageError` if its drive does not answer.
    """
    try:
        return read_regular(path, largest)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        if getattr(error, "errno", None) == errno.EFBIG:
            raise ModelError(f"{path}: too large to be {what}: {reason}") from None
        raise ModelError(f"{path}: cannot read {what} ({reason}){_hint(path, error)}") from None
    except MemoryError:
        raise ModelError(f"{path}: cannot read {what} (not enough memory)") from None


def _hint(path: Path, error: Exception) -> str:
    """What may help, for the end of a message."""
    if isinstance(error, IsADirectoryError):
        return "; give a file in it"
    if not isinstance(error, FileNotFoundError):
        return ""
    from edge.missing_path import missing_hint  # it is needed for a mistake alone

    return missing_hint(path)
