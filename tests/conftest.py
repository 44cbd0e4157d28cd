"""What all tests share: Hypothesis draws the same examples every time, disks that are full or read-only, a browser."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The emulated Raspberry Pi takes minutes, root and Debian's tools: it is asked for, by make test-pi.
collect_ignore = ["pi"]

# Test processes run side by side on all cores; threads of the linear algebra would only wait for each other.
# Commands that tests start do without this, as they do for users.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# OpenCV reads this once, at its first video; whichever test is first, the sources must find it as they set it.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

# Tests choose their interpreters themselves; some look at the installed ones when they are collected.
os.environ.pop("EDGE_TFLITE_LIBRARY", None)

# Machines of a CI set some of these: Rich, Typer and argparse then colour what they write into a pipe.
for _name in (
    *("CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS", "NO_COLOR", "PYTHON_COLORS", "PY_COLORS"),
    *("COLUMNS", "LINES", "TERMINAL_WIDTH", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "TYPER_USE_RICH"),
):
    os.environ.pop(_name, None)

# Servers of tests are on this machine, whatever proxy leads from it to others.
for _name in ("no_proxy", "NO_PROXY"):
    os.environ[_name] = ",".join(filter(None, (os.environ.get(_name), "127.0.0.1", "localhost", "::1")))

# Where pytest itself runs in the background, SIGINT is ignored, and programs that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For ``-n auto``, one test process more than cores: many tests wait for a server, a timer or a process.

    One core gets one process: tests there are to meet no other one. In a container its quota counts as cores: beside a
    few of many cores it has a small memory too.
    """
    from edge.parallel import available_cores

    cores = available_cores()
    return cores + 1 if cores > 1 else 1


# Folders in which most tests compute nothing: they use numpy for bytes, or for pictures to send, to keep or to show.
# A file there whose tests compute has pytest.mark.numeric.
NOT_NUMERIC = {
    "bench",
    "commands",
    "flash",
    "live",
    "modelfile",
    "service",
    "serving",
    "sinks",
    "sources",
    "store",
    "web",
    "wheels",
}

# Kills, full disks, damaged files, whole commands, exit codes: these find the same, however a processor computes.
NOT_NUMERIC_FILES = {
    "trainer/backbones/foreign/test_refusals.py",
    "trainer/backbones/test_networks.py",
    "trainer/backbones/test_torch_weights.py",
    "trainer/bottlenecks/test_cache_faults.py",
    "trainer/cluster/test_ray_workers.py",
    "trainer/retraining/test_bring_your_own.py",
    "trainer/teach/test_killed.py",
    "trainer/test_cli.py",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as ``numeric`` the tests of each file that uses numpy, itself or through a helper of the tests.

    They are run again as other processors would compute them: ``make test-processors``. Files in a folder of
    ``NOT_NUMERIC``, and files that this does not find, mark themselves if their tests compute. Tests that run
    TensorFlow take minutes, and are marked as ``tensorflow``.
    """
    for item in items:
        if isinstance(item, pytest.Function) and _uses_numpy(item.module) and not _without_numbers(item.path):
            item.add_marker("numeric")
        if any(mark.args == ("tensorflow",) for mark in item.iter_markers("xdist_group")):
            item.add_marker("tensorflow")


@functools.cache
def _uses_numpy(module: ModuleType) -> bool:
    origins = {
        value if isinstance(value, ModuleType) else sys.modules.get(getattr(value, "__module__", None) or "")
        for value in vars(module).values()
    }
    files = {origin: Path(getattr(origin, "__file__", None) or "/") for origin in origins}
    helpers = [origin for origin, file in files.items() if origin and Path(__file__).parent in file.parents]
    return np in origins or any(np in vars(helper).values() for helper in helpers)


def _without_numbers(path: Path) -> bool:
    inside = path.relative_to(Path(__file__).parent)
    return inside.as_posix() in NOT_NUMERIC_FILES or not NOT_NUMERIC.isdisjoint(inside.parts)


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a file; each has a context of its own."""
    from playwright.sync_api import sync_playwright

    from support.chromium import CHROMIUM, FLAGS

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()
