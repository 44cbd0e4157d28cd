"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

from edge.errors import StorageError
from edge.system.drives import WRITE_TIMES, ask_drive, asking, with_limit
from edge.system.file_changes import BINARY, replace, set_mode
from edge.system.file_names import why_windows_refuses_path


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write ``content`` to a temporary file beside ``path``, put it on the disk, then rename it to ``path``.

    Missing folders are made. The permissions are ``mode``; None: those of any new file. Whatever happens, ``path`` is
    afterwards the old file or the new one.

    Raises :class:`~edge.errors.StorageError` if it cannot be written, or is a device or a pipe.
    """
    temporary = None
    try:
        with asking(path):
            _check_name(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
            # Made with its permissions: the umask of the process, which other threads use too, is never changed.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY
            handle = os.open(temporary, flags, 0o666 if mode is None else mode)
        with asking(path, times=WRITE_TIMES), os.fdopen(handle, "wb") as file:
            if mode is not None:
                set_mode(handle, mode)  # the umask has taken some away
            file.write(content)
            file.flush()
            os.fsync(handle)
        with asking(path):
            replace(temporary, path)
        temporary = None
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}); choose another place") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def write_output(path: Path, content: bytes) -> None:
    """:func:`write_whole` for what a command makes, which may go to any drive: on a thread, with a limit of time.

    Raises :class:`~edge.errors.StorageError` as :func:`write_whole` does, and if the drive does not answer.
    """
    with_limit(lambda: write_whole(path, content))


def free_path(path: Path) -> Path:
    """``path`` if nothing has it, else the first of ``NAME-2.EXT``, ``NAME-3.EXT`` and so on that nothing has."""
    free, number = path, 1
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def check_writable(path: Path, *, example: str = "model.tflite", fix: str = "choose another --output") -> None:
    """Make sure, before hours of work, that a file at ``path`` can be written.

    If ``path`` is a folder, the message names ``example`` as a file in it; in all other cases it names ``fix``.

    Raises :class:`~edge.errors.StorageError` if it cannot be written, or is a device or a pipe.
    """
    ask_drive(path, lambda: _check_name(path))
    if ask_drive(path, path.is_dir):
        raise StorageError(f"{path}: is a folder; give the name of a file, such as {path / example}")
    try:
        ask_drive(path, lambda: _try_to_write(path.parent))
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}); {fix}") from None


def _try_to_write(folder: Path) -> None:
    import tempfile

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def _check_name(path: Path) -> None:
    """Raise :class:`~edge.errors.StorageError` if no file can have the name ``path``.

    Windows writes some names otherwise. And what is renamed to ``/dev/null`` takes its place, where root may do that.
    """
    if _is_no_file(path):
        raise StorageError(f"{path}: is a device or a pipe; give the name of a file")
    if sys.platform == "win32" and (reason := why_windows_refuses_path(path)):
        raise StorageError(f"{path}: cannot be written on Windows: {reason}; choose another name")


def _is_no_file(path: Path) -> bool:
    if os.path.realpath(path.parent) == "/dev":  # /dev/stdout too, which may lead to a file
        return True
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
