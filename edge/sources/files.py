"""Photos from files, folders and globs, in a stable order."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Skip = Callable[[Path, str], None]
"""Called with a path that is passed over and the reason for it."""


def walk_files(folder: Path, skip: Skip) -> Iterator[Path]:
    """The regular files in ``folder`` and below it, sorted by name, links followed.

    Hidden files and folders, links that lead back to a folder above them, broken links, sockets and the
    like, and folders that cannot be read are passed to ``skip``.
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
    """The files that command line ``arguments`` mean: files as they are, folders walked, globs expanded.

    A file that is named more than once comes once. What does not exist is passed to ``skip``.
    """
    seen: set[Path] = set()
    for argument in arguments:
        for path in _expand(argument, skip):
            if path not in seen:
                seen.add(path)
                yield path


def _expand(argument: str, skip: Skip) -> Iterator[Path]:
    path = Path(argument)
    if path.is_dir():
        yield from walk_files(path, skip)
    elif path.exists():
        yield path
    elif any(character in argument for character in "*?["):
        import glob

        matches = sorted(glob.glob(argument, recursive=True))
        if not matches:
            skip(path, "no file matches")
        for match in matches:
            if os.path.isdir(match):
                if "**" not in argument:  # with ** the files below it are matched themselves
                    yield from walk_files(Path(match), skip)
            else:
                yield Path(match)
    else:
        skip(path, "no such file or folder")
