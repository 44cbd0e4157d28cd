"""Changes that survive a power cut: a file is on the disk before it is renamed, its folder afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from edge.errors import StorageError
from edge.files import write_whole
from edge.system.folder_sync import sync_folder

FOLDER_MODE = 0o755
"""The permissions of the folders of a store when they are made, less the umask: only the owner may write."""


@contextlib.contextmanager
def as_storage_errors(path: Path) -> Iterator[None]:
    """Turn an :class:`OSError` of the block into a :class:`~edge.errors.StorageError` that names ``path``."""
    try:
        yield
    except PermissionError as error:
        raise StorageError(f"{path}: {error.strerror}; run the command with sudo, or give another --root") from None
    except OSError as error:
        raise StorageError(f"{path}: cannot be changed ({error.strerror}); check the disk and its free space") from None


def make_folder(path: Path) -> None:
    """Make the folder ``path`` and those above it that are missing, each on the disk before the next.

    No other user may write into them, whatever the umask is.
    """
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(FOLDER_MODE, exist_ok=True)
    sync_folder(path.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all; its name is on the disk too when this returns.

    Raises :class:`~edge.errors.StorageError`.
    """
    write_whole(path, content)
    with as_storage_errors(path):
        sync_folder(path.parent)


def set_link(link: Path, target: str | None) -> None:
    """Make the symbolic ``link`` lead to ``target``, a path relative to its folder, in one step; None removes it."""
    if target is None:
        link.unlink(missing_ok=True)
    else:
        fresh = link.with_name(f".{link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        os.replace(fresh, link)
    sync_folder(link.parent)


def remove_folder(path: Path) -> None:
    """Remove the folder ``path`` with all files in it: renamed in one step, then removed file by file."""
    renamed = path.with_name(f".old-{path.name}")
    shutil.rmtree(renamed, ignore_errors=True)
    os.rename(path, renamed)
    sync_folder(path.parent)
    shutil.rmtree(renamed)
