"""Reading photos: their bytes, their content hash, and whether they can be decoded."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from PIL import Image

from edge.errors import DatasetError, ImageError, NotReadError, StorageError
from edge.parallel import available_cores, ordered_map
from edge.pictures.bounded_file import check_file_size
from edge.preprocess import decode
from edge.regular_file import is_pipe
from edge.system.drives import asking
from edge.system.file_changes import open_now
from trainer.photos.bucket import in_bucket
from trainer.photos.bucket_photo import read_from_bucket
from trainer.photos.look import LOOK_SIZE, Look, make_look
from trainer.photos.others_of_class import OthersOfClass
from trainer.photos.photo_files import FileStatus, PhotoFile, PhotoFolder
from trainer.progress import SILENT, Progress


class Contents(NamedTuple):
    """What the files of a folder hold, by their relative paths.

    ``sha256`` has the content hash (32 bytes) of each photo that can be decoded, ``unreadable`` the reason for each
    other file.
    """

    sha256: dict[str, bytes]
    unreadable: dict[str, str]


class Looks(Protocol):
    """What takes looks, each under the relative path of its photo."""

    def __setitem__(self, relative: str, look: Look, /) -> None: ...


def read_contents(folder: PhotoFolder, progress: Progress = SILENT, *, looks: Looks | None = None) -> Contents:
    """Hash every file of ``folder`` and find out whether it can be decoded, on all cores.

    The decoded pictures are not kept: only photos that training could use may shape the split. ``looks`` gets the look
    of each photo, by its relative path.

    Raises :class:`~edge.errors.StorageError` if photos cannot be read any more: see
    :class:`~trainer.photos.others_of_class.OthersOfClass`.
    """

    def read(file: PhotoFile) -> tuple[PhotoFile, bytes, Look | None, ImageError | None]:
        try:
            content, _ = read_photo(file.path)
            picture = decode(content, (LOOK_SIZE, LOOK_SIZE))
            return file, hashlib.sha256(content).digest(), None if looks is None else make_look(picture), None
        except ImageError as error:
            return file, b"", None, error

    contents, others = Contents({}, {}), OthersOfClass(folder.files)
    with progress.stage("photos", len(folder.files)) as advance:
        for file, sha256, look, error in ordered_map(lambda: read, folder.files, available_cores()):
            others.note(file, error)
            if error is not None:
                contents.unreadable[file.relative] = str(error)
            else:
                contents.sha256[file.relative] = sha256
            if looks is not None and look is not None:
                looks[file.relative] = look
            advance(1)
    return contents


def read_photo(path: Path) -> tuple[bytes, FileStatus]:
    """The bytes of the file at ``path`` and its status.

    Raises :class:`NotReadError` if it cannot be read, and :class:`~edge.errors.ImageError` if it is empty, is not a
    regular file or is too large. In a bucket, :class:`~edge.errors.UnavailableError` if its server does not answer.
    """
    try:
        if in_bucket(path):
            with asking(path, times=math.inf):  # it has limits of its own
                return read_from_bucket(path)
        # For each photo, and read as a whole.
        with asking(path), open(path, "rb", buffering=0, opener=open_now) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ImageError("not a regular file")
            check_file_size(status.st_size)
            if status.st_size == 0:
                raise ImageError("an empty file")
            return file.read(), FileStatus.of(status)
    except OSError as error:
        raise NotReadError(f"cannot be read: {error.strerror}") from None


def openable(path: Path) -> Path | bytes:
    """What :func:`edge.preprocess.decode` takes of ``path``: the path itself, or the bytes of a file in a bucket.

    Raises the errors of :func:`read_photo` for a file in a bucket, and :class:`~edge.errors.ImageError` for a pipe:
    opening it waits for its writer.
    """
    if in_bucket(path):
        return read_photo(path)[0]
    if is_pipe(path):
        raise ImageError("not a regular file")
    return path


@contextlib.contextmanager
def readable_before(path: Path) -> Iterator[None]:
    """The block reads and decodes the photo at ``path`` once more: its errors are those of :func:`decode_again`."""
    try:
        yield
    except NotReadError as error:
        why = f"{path}: {error}; it was readable before: mend the drive or the rights, and run again"
        raise StorageError(why) from None
    except ImageError as error:
        raise DatasetError(f"{path}: {error}; it was readable before, run again") from None


def decode_again(
    path: Path,
    sha256: bytes,
    size: tuple[int, int],
    read: Callable[[Path], tuple[bytes, FileStatus]] = read_photo,
) -> Image.Image:
    """The photo at ``path``, which had the content hash ``sha256`` (32 bytes), decoded for (width, height) ``size``.

    Its bytes are read by ``read``.

    Raises :class:`~edge.errors.DatasetError` if it is not what it was when it was hashed, and
    :class:`~edge.errors.StorageError` if it cannot be read.
    """
    with readable_before(path):
        content, _ = read(path)
        picture = decode(content, size)
    if hashlib.sha256(content).digest() != sha256:
        raise DatasetError(f"{path}: was changed while training; run again")
    return picture
