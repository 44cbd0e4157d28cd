"""Where backbones and bottlenecks are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def default_bottleneck_dir() -> Path:
    """Where backbones and bottlenecks are kept unless told otherwise: a folder in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edge-for-poets"
