"""Bottleneck caches that are filled with the bottlenecks of photos, in this process or in another one."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np

from support import tiny
from support.paths import PACKAGES, TESTS, python_path
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.photos.folder import list_photos
from trainer.progress import Progress

ARTIFACT, OTHER = b"a" * 32, b"b" * 32

FILL_SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from support import tiny
from trainer.bottlenecks import compute, fill_cache
from trainer.photos.folder import list_photos
fill_cache.COMMIT_EVERY_S = 0.0  # a transaction a photo, to be killed in any of them
print(compute.compute_bottlenecks(tiny.extractor(Path(sys.argv[3])), list_photos(Path(sys.argv[2]))).computed)
"""


def digest(number: int) -> bytes:
    """A made-up content hash."""
    return number.to_bytes(32, "big")


def fill_in_child(photos: Path, folder: Path) -> subprocess.Popen[str]:
    """Start filling the cache in ``folder`` in another process."""
    command = [sys.executable, "-c", FILL_SCRIPT, str(TESTS), str(photos), str(folder)]
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def rows(folder: Path) -> int:
    """How many bottlenecks are committed; 0 as long as there is no table."""
    try:
        database = sqlite3.connect(f"file:{folder / FILE_NAME}?mode=ro", uri=True, timeout=10)
        try:
            return int(database.execute("SELECT count(*) FROM bottlenecks").fetchone()[0])
        finally:
            database.close()
    except sqlite3.OperationalError:
        return 0


def fill(photos: Path, folder: Path, progress: Progress | None = None) -> tuple[int, np.ndarray]:
    """Bring the cache up to date; returns how much was computed, and all features in order."""
    extractor = tiny.extractor(folder, progress=progress or Progress())
    extracted = compute_bottlenecks(extractor, list_photos(photos))
    return extracted.computed, extractor.load(list(extracted.contents.sha256.values()))
