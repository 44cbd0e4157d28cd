"""The files of a session on the disk: found, and hashed on all cores."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError, ImageError, StorageError
from edge.parallel import available_cores, ordered_map
from edge.shorten import shorten
from edge.sources.files import UNNAMED, reason_to_ignore, walk_files
from trainer.bottlenecks.cache import file_key
from trainer.photos.folder import label_problem
from trainer.photos.layout import class_name, recognise
from trainer.photos.photo_files import Skipped
from trainer.photos.reading import read_photo
from trainer.progress import Progress
from trainer.teach.folders.photo_table import KnownFile
from trainer.teach.folders.places import Location, Places
from trainer.teach.state import CLASS, INBOX, TRASH


class Found(NamedTuple):
    """What lies in the places of a session.

    ``class_folders`` are the names of the class folders, ``files`` the files with their status, ``unread`` why others
    have none: an action may have moved them meanwhile. ``skipped`` are those in the wrong place, and ``not_labels``
    says what is wrong with the names of other folders, which cannot be those of classes.
    """

    class_folders: list[str]
    files: dict[Location, os.stat_result]
    unread: dict[Location, str]
    skipped: list[Skipped]
    not_labels: list[str]


def find_files(places: Places, *, trash: bool) -> Found:
    """The files in the class folders, in the inbox and, if asked, in the trash; none is opened.

    Raises :class:`~edge.errors.StorageError` if the folder of the classes cannot be read.
    """
    found = Found([], {}, {}, [], [])
    for name in folder_names(places.root):
        if problem := label_problem(class_name(name)):
            found.not_labels.append(f"the class {problem}")
            found.skipped.append(Skipped(name, found.not_labels[-1]))
        else:
            found.class_folders.append(name)
    classes = set(found.class_folders)
    for place in (CLASS, INBOX, TRASH) if trash else (CLASS, INBOX):
        for location, path in _walk(places, place, found.unread):
            folder, slash, _ = location.relative.partition("/")
            if place == CLASS and not slash:
                found.skipped.append(Skipped(location.relative, "not in a class folder"))
            elif place != CLASS or folder in classes:
                with contextlib.suppress(OSError):  # removed meanwhile
                    found.files[location] = path.stat()
    return found


def folder_names(root: Path) -> list[str]:
    """The names of the folders in ``root`` that may be those of classes, sorted.

    Raises :class:`~edge.errors.StorageError` if ``root`` cannot be read.
    """
    try:
        with os.scandir(root) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not reason_to_ignore(entry.name))
    except OSError as error:
        raise StorageError(f"{root}: cannot be read ({error.strerror})") from None


def _walk(places: Places, place: str, unread: dict[Location, str]) -> Iterator[tuple[Location, Path]]:
    folder = places.folder(place)
    if not folder.is_dir():
        return

    def skip(path: Path, reason: str) -> None:
        if place != TRASH and reason not in UNNAMED:
            unread[Location(place, path.relative_to(folder).as_posix())] = reason

    for path in walk_files(folder, skip):
        yield Location(place, path.relative_to(folder).as_posix()), path


def check_layout(root: Path, files: Iterable[Location], *, new: bool) -> None:
    """Raise :class:`~edge.errors.DatasetError` if the class folders are not directly in ``root``.

    ``new`` is true if there was no session in this folder: only then the layout can be one with a folder around all
    classes, since in a session classes come and go.
    """
    layout = recognise(file.relative for file in files if file.place == CLASS)
    if layout.splits is not None:
        raise DatasetError(f"{root}: its folders are a split, such as train/ and test/; give a folder of class folders")
    if layout.top and new:
        raise DatasetError(f"{root}: the class folders are in {shorten('/'.join(layout.top))}/; give that folder")


def hash_files(
    places: Places,
    files: Mapping[Location, os.stat_result],
    known: Mapping[Location, KnownFile],
    known_files: Mapping[bytes, tuple[int, int, bytes]],
    progress: Progress,
) -> tuple[dict[Location, KnownFile], dict[Location, str]]:
    """What is known of each of ``files``, and of those that cannot be photos the reason, the trash left out.

    A file that is gone meanwhile, because an action has moved it, is in neither.
    Files whose size and time of change are in ``known``, or by their path in ``known_files``, are not read again.
    """
    hashed, unread = {}, {}
    for location, status in files.items():
        size_bytes, mtime_ns = status.st_size, status.st_mtime_ns
        file = known.get(location)
        cached = known_files.get(file_key(places.path(location))) if known_files else None
        if file is None and cached is not None:
            file = KnownFile(cached[2], cached[0], cached[1])
        if file is not None and file[1:] == (size_bytes, mtime_ns):
            hashed[location] = file
        else:
            unread[location] = status
    skipped: dict[Location, str] = {}
    if unread:
        with progress.stage("photos", len(unread)) as advance:
            for location, result in ordered_map(lambda: lambda each: _hash(places, each), unread, available_cores()):
                if isinstance(result, str):
                    if location.place != TRASH:
                        skipped[location] = result
                elif result is not None:
                    hashed[location] = result
                advance(1)
    return hashed, skipped


def _hash(places: Places, location: Location) -> tuple[Location, KnownFile | str | None]:
    path = places.path(location)
    try:
        content, status = read_photo(path)
    except ImageError as error:
        return location, str(error) if os.path.lexists(path) else None
    return location, KnownFile(hashlib.sha256(content).digest(), status.st_size, status.st_mtime_ns)
