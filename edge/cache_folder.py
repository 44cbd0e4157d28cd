"""The folder that keeps backbones and bottlenecks between runs of the trainer."""

from __future__ import annotations

from pathlib import Path

from edge.home import user_folder


def default_cache_folder() -> Path:
    """The default folder of backbones and bottlenecks: ``edge-for-poets`` in the user's cache folder.

    Raises :class:`~edge.errors.ConfigurationError` if the user has no home folder, and ``XDG_CACHE_HOME`` names none.
    """
    return user_folder("XDG_CACHE_HOME", ".cache") / "edge-for-poets"
