"""The folder that keeps backbones and bottlenecks between runs of the trainer."""

from __future__ import annotations

import os
from pathlib import Path

from edge.home import home_folder


def default_cache_folder() -> Path:
    """The default folder of backbones and bottlenecks: ``edge-for-poets`` in the user's cache folder.

    Raises :class:`~edge.errors.ConfigurationError` if the user has no home folder, and ``XDG_CACHE_HOME`` names none.
    """
    base = os.environ.get("XDG_CACHE_HOME") or home_folder() / ".cache"
    return Path(base) / "edge-for-poets"
