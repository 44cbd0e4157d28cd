"""What all tests share: Hypothesis draws the same examples every time, and disks that are full or read-only."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

# The emulated Raspberry Pi takes minutes, root and Debian's tools: it is asked for, by make test-pi.
collect_ignore = ["pi"]

# Test processes run side by side on all cores; threads of the linear algebra would only wait for each other.
# Commands that tests start do without this, as they do for users.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# OpenCV reads this once, at its first video; whichever test is first, the sources must find it as they set it.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

# Where pytest itself runs in the background, SIGINT is ignored, and programs that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        done = False
    if not done:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A function that mounts a disk of the given size (``"64k"``) and returns its folder."""
    opened = []

    def mount(size: str) -> Path:
        disk = _mounted(tmp_path / f"disk-{size}", f"size={size}")
        opened.append(disk)
        return disk.__enter__()

    yield mount
    for disk in opened:
        disk.__exit__(None, None, None)


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that not even root can write to."""
    with _mounted(tmp_path / "read-only", "size=64k,ro") as folder:
        yield folder
