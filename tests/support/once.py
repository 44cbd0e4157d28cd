"""Folders that several test processes share, and that the first of them fills."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def filled_once(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], object]) -> Path:
    """The folder ``name``, filled by ``fill(folder)`` in whichever test process asks for it first.

    It gets its name only when it is complete: what ``fill`` writes must not contain the path of the folder.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    (root / "once").mkdir(exist_ok=True)
    done, part = root / "once" / name, root / "once" / f"{name}.part"
    with part.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            fill(part)
            part.rename(done)
    return done
