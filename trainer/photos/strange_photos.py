"""Photos of other things than the classes: any folder of pictures, at any depth, whatever its folders are called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError, ImageError, UsageError
from edge.parallel import available_cores, ordered_map
from edge.sources.files import walk_files
from edge.system.drives import ask_drive
from edge.unread_photos import UnreadInARow, while_readable
from trainer.photos.photo_files import Skipped
from trainer.photos.reading import read_photo
from trainer.progress import Progress


class StrangePhotos(NamedTuple):
    """The ``paths`` of the photos in ``root``, and the files of the folder that are not used."""

    root: Path
    paths: list[Path]
    skipped: list[Skipped]

    def relative(self, path: Path) -> str:
        """``path``, one of :attr:`paths`, as seen from the folder, with forward slashes."""
        return path.relative_to(self.root).as_posix()


def _read(path: Path) -> tuple[Path, tuple[bytes, str], ImageError | None]:
    """``path``, the sha256 of the file there or why it is not used, and the error of the latter."""
    try:
        return path, (hashlib.sha256(read_photo(path)[0]).digest(), ""), None
    except ImageError as error:
        return path, (b"", str(error)), error


def list_strangers(
    root: Path, photos: Path, no_stranger: Callable[[bytes], str | None], progress: Progress
) -> StrangePhotos:
    """The files in ``root`` and below it; they are read, but not decoded.

    ``no_stranger`` says of the content hash (sha256, 32 bytes) of a file why it is no stranger, None if it is one.
    Files that are none are skipped, and copies of another stranger. ``photos`` is the folder of the known photos.

    Raises :class:`~edge.errors.DatasetError` if there is no such folder or nothing is left in it,
    :class:`~edge.errors.UsageError` if it is the folder of the known photos, and :class:`~edge.errors.StorageError` if
    no photo can be read any more.
    """
    if not ask_drive(root, root.is_dir):
        raise DatasetError(f"{root}: no such folder; give a folder with pictures of other things than the classes")
    if root.resolve() == photos.resolve():
        raise UsageError(f"{root} is the folder of the classes; give a folder with pictures of other things")
    skipped: list[Skipped] = []

    def skip(path: Path, reason: str) -> None:
        skipped.append(Skipped(path.relative_to(root).as_posix(), reason))

    files, first = list(walk_files(root, skip)), dict[bytes, Path]()
    kept = []
    with progress.stage("reading strangers", len(files)) as advance:
        read = while_readable(ordered_map(lambda: _read, files, available_cores()), UnreadInARow(1))
        for path, (sha256, unread) in zip(files, read, strict=True):
            if unread:
                skip(path, unread)
            else:
                same = first.setdefault(sha256, path)
                if reason := no_stranger(sha256):
                    skip(path, reason)
                elif same != path:
                    skip(path, f"the same photo as {same.relative_to(root).as_posix()}")
                else:
                    kept.append(path)
            advance(1)
    if not kept:
        why = "no photos in it" if not files else f"none of its {len(files):,} files is a picture of another thing"
        raise DatasetError(f"{root}: {why}; give a folder with pictures of other things than the classes")
    return StrangePhotos(root, kept, skipped)
