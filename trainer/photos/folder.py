"""The files of a folder of photos, with one folder for each class; no file is opened yet."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError
from edge.sources.files import walk_files


class Skipped(NamedTuple):
    """A path that is not used, relative to the data set's folder, and the reason."""

    path: str
    reason: str


class PhotoFile(NamedTuple):
    """A file found in a class folder. ``relative`` has forward slashes on every system; ``label`` is the class.

    ``split`` is the split that the folder's layout gives, None if it gives none.
    """

    path: Path
    relative: str
    label: str
    split: str | None = None


class PhotoFolder(NamedTuple):
    """What lies in the folder ``root``: class names in order, their files, and what is skipped."""

    root: Path
    labels: tuple[str, ...]
    files: list[PhotoFile]
    skipped: list[Skipped]


def list_photos(root: Path) -> PhotoFolder:
    """List the files in the class folders of ``root`` without opening them.

    Raises :class:`~edge.errors.DatasetError` if ``root`` is missing, has no class folder with files, or has a class
    folder whose name cannot be a label.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; give a folder that has one folder of photos for each class")
    skipped: list[Skipped] = []
    files: dict[str, list[PhotoFile]] = defaultdict(list)

    def skip(path: Path, reason: str) -> None:
        skipped.append(Skipped(path.relative_to(root).as_posix(), reason))

    # One walk from the root, not one for each class, so that a link back to the root is recognised.
    for path in walk_files(root, skip):
        relative = path.relative_to(root).as_posix()
        label, slash, _ = relative.partition("/")
        if slash:
            files[label].append(PhotoFile(path, relative, label))
        else:
            skip(path, "not in a class folder")
    if not files:
        raise DatasetError(f"{root}: no photos in it; put the photos of each class into a folder named after the class")
    named = {entry.path for entry in skipped}
    for entry in sorted(root.iterdir()):
        if entry.is_dir() and entry.name not in files and entry.name not in named:
            skip(entry, "an empty class folder")
    labels = tuple(sorted(files))
    for label in labels:
        _check_label(root, label)
    return PhotoFolder(root, labels, [file for label in labels for file in files[label]], skipped)


def _check_label(root: Path, label: str) -> None:
    """Refuse a name that would change when it is written as a line of UTF-8 text, as labels are."""
    try:
        kept = label.encode().decode().splitlines() == [label]
    except UnicodeEncodeError:  # how Python holds file names that are not UTF-8
        kept = False
    if not kept:
        raise DatasetError(f"{root}: the class folder {label!a} cannot be a label; rename it to one line of UTF-8")
