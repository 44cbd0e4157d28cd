"""The folder that keeps backbones and bottlenecks between runs."""

from __future__ import annotations

from pathlib import Path

from edge.cache_folder import default_cache_folder


def default_bottleneck_dir() -> Path:
    """The default folder of backbones and bottlenecks: ``edge-for-poets`` in the user's cache folder."""
    return default_cache_folder()
