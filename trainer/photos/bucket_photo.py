"""Reading a photo in a bucket: whole, and of one version."""

from __future__ import annotations

import errno
import hashlib
import os
from typing import TYPE_CHECKING

from edge.errors import ImageError
from edge.pictures.bounded_file import check_file_size
from trainer.photos.bucket import BucketPath, bucket_of, key_of
from trainer.photos.bucket_answers import is_forbidden, is_gone, line_of, of_pyarrow, when_not_busy, why_not_read
from trainer.photos.bucket_files import open_bucket
from trainer.photos.photo_files import FileStatus

if TYPE_CHECKING:
    from pyarrow import NativeFile
    from pyarrow.fs import FileSystem

_TRIES = 3  # of a file that is written anew while it is read


def read_from_bucket(path: BucketPath) -> tuple[bytes, FileStatus]:
    """The bytes of the file at ``path``. When it was changed is known from the listing alone: the status has 0.

    Raises :class:`~edge.errors.ImageError` if it is empty or too large, :class:`OSError` if it is gone, may not be
    read or is written anew again and again, and :class:`~edge.errors.UnavailableError` if its server does not answer.
    """
    try:
        content = when_not_busy(lambda: _one_version(open_bucket(bucket_of(path)), key_of(path)))
    except Exception as error:
        if not of_pyarrow(error) or isinstance(error, _ChangedError):
            raise
        if is_gone(error):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
        if is_forbidden(error):
            raise PermissionError(None, f"no right to read it ({line_of(error)})") from None
        raise why_not_read(path, error) from None
    return content, FileStatus(len(content), 0)


class _ChangedError(OSError):
    """The file is another one whenever it is read."""


def _one_version(opened: FileSystem, key: str) -> bytes:
    """The bytes of the file ``key``.

    pyarrow asks for its size first. If it is shorter when it is read, what is missing is whatever was in memory; if it
    is longer, its end is missing. So a file is read again if its server's name for its content, the ETag, is neither
    the MD5 of the bytes, which Amazon's is unless a file is encrypted or written in parts, nor the same as before.
    """
    for _ in range(_TRIES):
        with opened.open_input_file(key) as file:
            size = file.size()
            check_file_size(size)
            if size == 0:
                raise ImageError("an empty file")
            content, version = file.read(), _version(file)
        if version in (None, hashlib.md5(content, usedforsecurity=False).hexdigest()):
            return bytes(content)
        with opened.open_input_file(key) as file:
            if _version(file) == version:
                return bytes(content)
    raise _ChangedError(None, "it was changed whenever it was read")


def _version(file: NativeFile) -> str | None:
    """The ETag of ``file``, without what is around it; None if its server has none."""
    tag = (file.metadata() or {}).get("ETag")
    return tag.decode("latin-1").removeprefix("W/").strip('"') if tag else None
