"""The entries of a folder, put on the disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def sync_folder(path: Path) -> None:
    """Put the entries of the folder ``path`` on the disk. Windows opens no folder: there its file system decides when.

    Raises :class:`OSError`.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
