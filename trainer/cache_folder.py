"""The folder that keeps backbones and bottlenecks between runs."""

from __future__ import annotations

from pathlib import Path

from edge.cache_folder import default_cache_folder
from edge.errors import StorageError


def default_bottleneck_dir() -> Path:
    """The default folder of backbones and bottlenecks: ``edge-for-poets`` in the user's cache folder, made if need be.

    Raises :class:`~edge.errors.ConfigurationError` if the user has no home folder, and
    :class:`~edge.errors.StorageError` if the folder cannot be made.
    """
    folder = default_cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder}: no cache can be kept there ({error.strerror}); name another folder with --bottleneck-dir"
        ) from None
    return folder
