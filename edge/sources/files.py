"""Photos from files, folders and globs, in a stable order."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.system.drives import ask_drive, asking, with_limit
from edge.unread_photos import UnreadInARow

if TYPE_CHECKING:
    from edge.system.daemon_pool import DaemonPool

Skip = Callable[[Path, str], None]
"""Called with a path that is skipped and the reason for it."""

HIDDEN, OF_A_SYSTEM = "hidden", "made by a drive or a system"

UNNAMED = frozenset({HIDDEN, OF_A_SYSTEM})
"""Reasons that messages leave out, because these files are not the user's photos. Hidden files and folders have names
that begin with a dot; programs keep thumbnails, histories and notes in them, and ``ls`` does not show them either."""

_MISSING, _UNREAD = "no such file or folder", "cannot be read"

# Those whose names begin with a dot are hidden anyway: .DS_Store, .thumbnails, ._IMG_1.jpg, .Trash-1000, .git ...
_SYSTEM_NAMES = frozenset(
    name.casefold()
    for name in (
        *("@eaDir", "@tmp", "@__thumb", "@Recycle", "@Recently-Snapshot", "#recycle", "#snapshot"),  # network drives
        *("__MACOSX", "Icon\r", "Network Trash Folder", "Temporary Items"),  # macOS
        *("Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini"),  # Windows
        *("$RECYCLE.BIN", "System Volume Information", "FOUND.000", "WPSettings.dat"),
        *("lost+found", "LOST.DIR", "Picasa.ini", "ZbThumbnail.info"),  # Linux, Android, photo albums
    )
)


_Folders = dict[tuple[int, int], Iterator[tuple["os.DirEntry[str]", "int | OSError"]]]
"""The folders on the way down, by device and inode, and what is left in them: entries, each with its mode or error."""

_TOGETHER = 256  # entries that are asked for in one go


def is_of_a_system(name: str) -> bool:
    """Whether a file or folder called ``name`` is made by drives, systems or photo albums for themselves."""
    return name.casefold() in _SYSTEM_NAMES


def reason_to_ignore(name: str) -> str | None:
    """One of :data:`UNNAMED` if ``name``, of a file or folder, says that it is not the user's; None if it does not."""
    if name.startswith("."):
        return HIDDEN
    return OF_A_SYSTEM if is_of_a_system(name) else None


def walk_files(folder: Path, skip: Skip) -> Iterator[Path]:
    """The regular files in ``folder`` and below it, at any depth, sorted by name. Links are followed.

    ``skip`` gets hidden files and folders, those that drives and systems make for themselves, links that lead back to
    a folder above them, broken links, files that are not regular (sockets, pipes) and folders that cannot be read.

    Raises :class:`~edge.errors.StorageError` if the drive does not answer.
    """
    from edge.system.daemon_pool import DaemonPool

    with contextlib.closing(DaemonPool(1)) as drive:
        yield from _walk(folder, skip, drive)


def _walk(folder: Path, skip: Skip, drive: DaemonPool) -> Iterator[Path]:
    above: _Folders = {}
    folders = [folder]  # their paths; not a function that calls itself, which ends at a thousand levels
    _enter(folder, above, skip, drive)
    while above:
        found = next(next(reversed(above.values())), None)
        if found is None:
            above.popitem()
            folders.pop()
            continue
        entry, mode = found
        path = folders[-1] / entry.name
        if reason := reason_to_ignore(entry.name):
            skip(path, reason)
            continue
        if isinstance(mode, OSError):
            skip(path, f"{_UNREAD}: {mode.strerror}")
        elif stat.S_ISDIR(mode):
            if _enter(path, above, skip, drive):
                folders.append(path)
        elif stat.S_ISREG(mode):
            yield path
        else:
            skip(path, "not a regular file")


def _enter(folder: Path, above: _Folders, skip: Skip, drive: DaemonPool) -> bool:
    """Add ``folder`` and its entries, sorted by name, to ``above``; False if it is skipped."""
    try:
        identity, entries = drive.result(drive.submit(partial(_list, folder)))
    except OSError as error:
        skip(folder, f"{_UNREAD}: {error.strerror}")
        return False
    if identity in above:
        skip(folder, "a link back to a folder above it")
        return False
    above[identity] = _with_modes(folder, entries, drive)
    return True


def _list(folder: Path) -> tuple[tuple[int, int], list[os.DirEntry[str]]]:
    """Device and inode of ``folder``, and its entries, sorted by name."""
    entries = []
    with asking(folder) as ask:
        status = folder.stat()
        with os.scandir(folder) as found:
            for entry in found:
                ask.answered()
                entries.append(entry)
    return (status.st_dev, status.st_ino), sorted(entries, key=lambda entry: entry.name)


def _with_modes(
    folder: Path, entries: list[os.DirEntry[str]], drive: DaemonPool
) -> Iterator[tuple[os.DirEntry[str], int | OSError]]:
    """The ``entries`` of ``folder``, each with its mode, of a link that of its target, or why it is not known.

    They are taken out of the list, as each keeps all that was asked of it: half a kilobyte.
    """
    entries.reverse()
    while entries:
        some = entries[: -_TOGETHER - 1 : -1]
        del entries[-_TOGETHER:]
        yield from zip(some, drive.result(drive.submit(partial(_modes, folder, some))), strict=True)


def _modes(folder: Path, entries: list[os.DirEntry[str]]) -> list[int | OSError]:
    modes: list[int | OSError] = []
    with asking(folder) as ask:
        for entry in entries:
            try:
                modes.append(entry.stat().st_mode)
            except OSError as error:
                modes.append(error)
            ask.answered()
    return modes


def find_photos(arguments: Iterable[str], skip: Skip) -> Iterator[Path]:
    """The files that command line ``arguments`` name: files, the files in folders, and the files that match globs.

    A file that is named more than once comes once. ``skip`` gets what does not exist, cannot be read or is not a
    regular file, and what :func:`walk_files` skips.

    Raises :class:`~edge.errors.StorageError` if the drive does not answer, or if nothing is found on it any more: see
    :class:`~edge.unread_photos.UnreadInARow`.
    """
    seen: set[str] = set()  # a path takes ten times as much memory as its text
    row = UnreadInARow()

    def note(path: Path, reason: str) -> None:
        skip(path, reason)
        if reason.startswith((_MISSING, _UNREAD)):
            row.unread(path, reason)

    for argument in arguments:
        for path in _expand(argument, note):
            row.read(path)
            name = os.path.normcase(path)
            if name not in seen:
                seen.add(name)
                yield path


def _expand(argument: str, skip: Skip) -> Iterator[Path]:
    if ask_drive(argument, lambda: os.path.lexists(argument)) or not any(character in argument for character in "*?["):
        yield from _files_at(argument, skip)
        return
    import glob

    def look_up() -> list[str]:
        # Each call and return in glob shows that the drive has answered; glob itself shows nothing before its first
        # match. This thread does nothing else, so that no other profiler sees it.
        with asking(argument) as ask:
            sys.setprofile(lambda *_: ask.answered())
            return sorted(glob.glob(argument, recursive=True))

    try:
        matches = with_limit(look_up)
    except RecursionError:  # at a thousand levels of folders, or of the pattern
        skip(Path(argument), "folders too deep for a pattern; give the folder itself")
        return
    if not matches:
        skip(Path(argument), "no file matches")
    named = set(Path(argument).parts)
    for match in matches:
        if any(is_of_a_system(part) and part not in named for part in Path(match).parts):
            skip(Path(match), OF_A_SYSTEM)
        elif "**" not in argument or not _is_folder(match):  # the files in it match ** themselves
            yield from _files_at(match, skip)


def _is_folder(name: str) -> bool:
    return ask_drive(name, lambda: os.path.isdir(name))


def _files_at(name: str, skip: Skip) -> Iterator[Path]:
    path = Path(name)
    try:
        mode = ask_drive(name, lambda: os.stat(name).st_mode)  # not of path: Path("") is the current folder
    except (FileNotFoundError, ValueError):  # ValueError: a zero byte in it
        from edge.missing_path import typing_hint  # it is needed for a mistake alone

        skip(path, f"{_MISSING}{typing_hint(name)}")
    except OSError as error:
        skip(path, f"{_UNREAD}: {error.strerror}")
    else:
        if stat.S_ISDIR(mode):
            yield from walk_files(path, skip)
        elif stat.S_ISREG(mode):
            yield path
        else:  # to open a pipe would wait for its writer
            skip(path, "not a regular file")
