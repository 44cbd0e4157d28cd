"""The folder that keeps backbones and bottlenecks between runs of the trainer."""

from __future__ import annotations

import os
from pathlib import Path


def default_cache_folder() -> Path:
    """The default folder of backbones and bottlenecks: ``edge-for-poets`` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edge-for-poets"
