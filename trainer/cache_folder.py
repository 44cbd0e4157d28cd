"""The folder that keeps backbones and bottlenecks between runs."""

from __future__ import annotations

from pathlib import Path

from edge.cache_folder import default_cache_folder
from edge.errors import StorageError
from edge.system.drives import ask_drive


def default_bottleneck_dir() -> Path:
    """The default folder of backbones and bottlenecks: ``edge-for-poets`` in the user's cache folder.

    Raises :class:`~edge.errors.ConfigurationError` if the user has no home folder.
    """
    return default_cache_folder()


def make_cache_folder(folder: Path) -> None:
    """Make ``folder``, the user's own or the default one, if it is not there.

    Raises :class:`~edge.errors.StorageError` if it cannot be made, or if its drive does not answer.
    """
    try:
        ask_drive(folder, lambda: folder.mkdir(parents=True, exist_ok=True))
    except FileExistsError as error:
        why = f"{error.filename} is a file, or a link that leads to no folder"
        raise StorageError(f"{folder}: cannot be made: {why}; choose --bottleneck-dir") from None
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made ({error.strerror}); choose --bottleneck-dir") from None
