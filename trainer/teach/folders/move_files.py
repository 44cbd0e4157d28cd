"""Files and folders that are written, moved and removed so that a stop at any moment leaves each photo whole.

These functions raise :class:`OSError`.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
from collections.abc import Callable, Iterable
from errno import EINVAL, EXDEV
from pathlib import Path
from typing import BinaryIO

from edge.system.folder_sync import sync_folder

PART = ".part-"
"""How the names of files begin that are not written whole yet; they are hidden."""


def write_new(path: Path, content: bytes) -> os.stat_result:
    """Write ``content`` to a new file ``path``: it has that name only when it is whole and on the disk.

    Missing folders are made. Returns the status of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return _write_whole(path, lambda file: file.write(content))


def move_file(source: Path, target: Path) -> None:
    """Move the file ``source`` to ``target``, where nothing is: one rename.

    To another file system, and for a link, the content is copied: the copy gets the name ``target`` when it is whole
    and on the disk, and only then ``source`` is removed. The time of the last change stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not source.is_symlink():  # a relative link would lead elsewhere
        try:
            os.rename(source, target)
            return
        except OSError as error:
            if error.errno != EXDEV:
                raise

    def copy(writer: BinaryIO) -> None:
        with source.open("rb") as reader:
            status = os.fstat(reader.fileno())
            shutil.copyfileobj(reader, writer, 1 << 20)
            writer.flush()
            os.utime(writer.fileno(), ns=(status.st_mtime_ns, status.st_mtime_ns))

    _write_whole(target, copy)
    sync_folders([target.parent])
    source.unlink()


def is_copy(source: Path, target: Path) -> bool:
    """Whether :func:`move_file` was stopped after it had copied ``source`` to ``target``: then both are whole."""
    try:
        copied = source.is_symlink() or source.stat().st_dev != target.stat().st_dev
        return copied and not target.samefile(source) and filecmp.cmp(source, target, shallow=False)
    except OSError:
        return False


def sync_folders(folders: Iterable[Path]) -> None:
    """Put the entries of ``folders`` on the disk; those that are gone are skipped."""
    for folder in folders:
        try:
            sync_folder(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno != EINVAL:  # some network drives cannot do this for a folder
                raise


def remove_empty(folder: Path, top: Path) -> None:
    """Remove ``folder`` and those above it, below ``top``, as far as they are empty."""
    with contextlib.suppress(OSError):
        while folder != top and folder.is_relative_to(top):
            folder.rmdir()
            folder = folder.parent


def remove_leftovers(folder: Path) -> None:
    """Remove what an interrupted write left in ``folder`` and below it: unfinished files and empty folders."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            if name.startswith(PART):
                Path(parent, name).unlink(missing_ok=True)
        remove_empty(Path(parent), folder)


def _write_whole(path: Path, write: Callable[[BinaryIO], object]) -> os.stat_result:
    """Give ``path`` a new file that ``write`` writes: it has that name only when it is on the disk; its status."""
    # Always the same name for the same file: the next attempt replaces what an interrupted one left.
    part = path.with_name(PART + path.name if len(os.fsencode(path.name)) < 250 else PART + path.name[-60:])
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            status = os.fstat(file.fileno())
        os.rename(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return status
