"""The folder that keeps backbones and bottlenecks between runs."""

from __future__ import annotations

import os
from pathlib import Path


def default_bottleneck_dir() -> Path:
    """The default folder of backbones and bottlenecks: ``edge-for-poets`` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edge-for-poets"
