"""The files of a folder of photos, or of a list of photos, with their classes; no photo is opened yet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from sys import intern

from edge.errors import DatasetError, UsageError
from edge.missing_path import missing_hint
from edge.shorten import shorten
from edge.sources.files import walk_files
from edge.system.drives import ask_drive, list_folder, with_limit
from trainer.photos.bucket import as_place, in_bucket
from trainer.photos.bucket_files import list_bucket
from trainer.photos.file_list import read_file_list
from trainer.photos.layout import AUTO, LAYOUTS, Layout, recognise
from trainer.photos.layout_messages import alike_messages, layout_messages
from trainer.photos.photo_files import FileStatus, PhotoFile, PhotoFolder, Skipped
from trainer.progress import SILENT, Progress

LONGEST_LABEL = 255
"""The most characters of a label; the name of a folder cannot be longer either."""


def list_photos(root: Path, layout: str = AUTO, progress: Progress = SILENT) -> PhotoFolder:
    """List the files in the class folders of ``root``, or those that the file ``root`` lists, without opening them.

    ``root`` may be in a bucket: ``s3://bucket/folder``. ``layout`` is one of
    :data:`~trainer.photos.layout.LAYOUTS`; see :func:`~trainer.photos.layout.recognise` and
    :func:`~trainer.photos.file_list.read_file_list`. How the folders were understood is a message to ``progress``.

    Raises :class:`~edge.errors.DatasetError` if ``root`` is missing, has no class folder with files, or has a class
    whose name cannot be a label, :class:`~edge.errors.UsageError` for an unknown ``layout``, and
    :class:`~edge.errors.StorageError` if its drive does not answer. In a bucket, the errors of
    :func:`~trainer.photos.bucket_files.list_bucket` too.
    """
    if layout not in LAYOUTS:
        raise UsageError(f"--layout {shorten(layout)}: give {' or '.join(LAYOUTS)}")
    root = as_place(root)
    if ask_drive(root, root.is_file):
        files, skipped, messages = with_limit(lambda: read_file_list(root, use_splits=layout == AUTO))
    else:
        files, skipped, messages = _walk(root, layout, progress)
    by_label = _by_label(root, files)
    for message in [*messages, *alike_messages(by_label)]:
        progress.message(f"{shorten(str(root))}: {message}")
    return PhotoFolder(root, tuple(by_label), [file for same in by_label.values() for file in same], skipped)


def photos_name(root: Path) -> str:
    """What the photos in ``root`` are called in names of files: the folder's name, or a list's without its suffix."""
    if in_bucket(place := as_place(root)):
        return str(place.name).partition("?")[0]
    resolved = ask_drive(root, root.resolve)
    return resolved.stem if ask_drive(root, root.is_file) else resolved.name


def _walk(root: Path, choice: str, progress: Progress) -> tuple[list[PhotoFile], list[Skipped], list[str]]:
    """The files in the folder ``root`` with their classes, what is skipped, and messages about the layout."""
    skipped: list[Skipped] = []

    def skip(relative: str, reason: str) -> None:
        skipped.append(Skipped(relative, reason))

    statuses: dict[str, FileStatus] = {}
    if in_bucket(root):
        statuses, folders = list_bucket(root, skip, progress)
        paths = list(statuses)
    else:
        paths, folders = _list_folder(root, skip)
    layout = recognise(paths) if choice == AUTO else Layout()
    files = []
    for relative in paths:
        place = layout.place(relative)
        if place is None:
            skip(relative, "not in a class folder")
        else:
            files.append(PhotoFile(root / relative, relative, intern(place.label), place.split, statuses.get(relative)))
    if not files:
        what = "its photos are in no class folder" if paths else "no photos in it"
        above = "; if it is itself the folder of a class, give the folder above it" if paths else ""
        raise DatasetError(f"{root}: {what}; put the photos of each class into a folder named after the class{above}")
    named = {entry.path for entry in skipped} | {relative.partition("/")[0] for relative in paths}
    for name in folders:
        if name not in named:
            skip(name, "an empty class folder")
    return files, skipped, layout_messages(paths, layout) if choice == AUTO else []


def _list_folder(root: Path, skip: Callable[[str, str], None]) -> tuple[list[str], list[str]]:
    """The relative paths of the files in the folder ``root``, at any depth, and the names of the folders in it."""
    if not ask_drive(root, root.is_dir):
        form = "; give a folder that has one folder of photos for each class, or a list of photos"
        raise DatasetError(f"{root}: no such folder{missing_hint(root) or form}")

    def skip_path(path: Path, reason: str) -> None:
        skip(path.relative_to(root).as_posix(), reason)

    # One walk from the root, not one for each class, so that a link back to the root is recognised.
    paths = [_relative(path, root) for path in walk_files(root, skip_path)]
    return paths, [folder.name for folder in list_folder(root, Path.is_dir)]


def _relative(path: Path, root: Path) -> str:
    """``path`` relative to ``root``, which it is in; as text, which takes a tenth of the time of paths."""
    text, beginning = os.fspath(path), f"{root}{os.sep}"
    return (
        text[len(beginning) :].replace(os.sep, "/") if text.startswith(beginning) else path.relative_to(root).as_posix()
    )


def _by_label(root: Path, files: list[PhotoFile]) -> dict[str, list[PhotoFile]]:
    """The ``files`` of each class, in the order of the classes' names, after checking these."""
    found: dict[str, list[PhotoFile]] = {label: [] for label in sorted({file.label for file in files})}
    for label in found:
        if problem := label_problem(label):
            raise DatasetError(f"{root}: the class {problem}")
    for file in files:
        found[file.label].append(file)
    return found


def label_problem(label: str) -> str | None:
    """What is wrong with the class ``label``, with its name: it would change when it is written as a line of UTF-8
    text, as labels are, or it is blank or too long. None if nothing is.
    """
    try:
        kept = label.encode().decode().splitlines() == [label]
    except UnicodeEncodeError:  # how Python holds file names that are not UTF-8
        kept = False
    name = shorten(ascii(label))
    if not any(letter.isprintable() and not letter.isspace() for letter in label):
        return f"{name} is blank; a class needs a name"
    if not kept:
        return f"{name} cannot be a label; rename it to one line of UTF-8"
    if len(label) > LONGEST_LABEL:
        return f"{name} has {len(label)} characters; a label has at most {LONGEST_LABEL}"
    return None
