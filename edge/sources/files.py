"""Photos from files, folders and globs, in a stable order."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Skip = Callable[[Path, str], None]
"""Called with a path that is skipped and the reason for it."""


def walk_files(folder: Path, skip: Skip) -> Iterator[Path]:
    """The regular files in ``folder`` and below it, sorted by name. Links are followed.

    ``skip`` gets hidden files and folders, links that lead back to a folder above them, broken links, files that are
    not regular (sockets, pipes) and folders that cannot be read.
    """
    yield from _walk(folder, skip, frozenset())


def _walk(folder: Path, skip: Skip, above: frozenset[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        skip(folder, f"cannot be read: {error.strerror}")
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        skip(folder, "a link back to a folder above it")
        return
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith("."):
            skip(path, "hidden")
            continue
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            skip(path, f"cannot be read: {error.strerror}")
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, skip, above | {identity})
        elif stat.S_ISREG(mode):
            yield path
        else:
            skip(path, "not a regular file")


def find_photos(arguments: Iterable[str], skip: Skip) -> Iterator[Path]:
    """The files that command line ``arguments`` name: files, the files in folders, and the files that match globs.

    A file that is named more than once comes once. ``skip`` gets what does not exist, cannot be read or is not a
    regular file.
    """
    seen: set[Path] = set()
    for argument in arguments:
        for path in _expand(argument, skip):
            if path not in seen:
                seen.add(path)
                yield path


def _expand(argument: str, skip: Skip) -> Iterator[Path]:
    if os.path.lexists(argument) or not any(character in argument for character in "*?["):
        yield from _files_at(argument, skip)
        return
    import glob

    matches = sorted(glob.glob(argument, recursive=True))
    if not matches:
        skip(Path(argument), "no file matches")
    for match in matches:
        if "**" not in argument or not os.path.isdir(match):  # the files in it match ** themselves
            yield from _files_at(match, skip)


def _files_at(name: str, skip: Skip) -> Iterator[Path]:
    path = Path(name)
    try:
        mode = os.stat(name).st_mode  # not of path: Path("") is the current folder
    except (FileNotFoundError, ValueError):  # ValueError: a zero byte in it
        skip(path, "no such file or folder")
    except OSError as error:
        skip(path, f"cannot be read: {error.strerror}")
    else:
        if stat.S_ISDIR(mode):
            yield from walk_files(path, skip)
        elif stat.S_ISREG(mode):
            yield path
        else:  # to open a pipe would wait for its writer
            skip(path, "not a regular file")
