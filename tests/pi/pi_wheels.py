"""The wheels of this checkout, and of what it needs, for a Raspberry Pi, which itself reaches no package index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.paths import REPOSITORY

_GLIBC = 36  # of Debian bookworm: 2.36
_MACHINES = {"arm64": "aarch64", "armhf": "armv7l"}
_PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def build_edge(folder: Path) -> Path:
    """Build the wheel of this checkout in ``folder``; returns its path."""
    subprocess.run([*_PIP, "wheel", "--no-deps", "--wheel-dir", folder, REPOSITORY], check=True)
    (wheel,) = folder.glob("edge_for_poets-*.whl")
    return wheel


def fetch(folder: Path, arch: str, *requirements: str, options: tuple[str, ...] = ()) -> None:
    """Fetch the wheels of ``requirements`` for Python 3.11 of Debian's ``arch`` into ``folder``."""
    machine = _MACHINES[arch]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(17, _GLIBC + 1)] + [f"manylinux2014_{machine}"]
    download = [*_PIP, "download", "-c", REPOSITORY / "constraints.txt", "--only-binary=:all:", "--dest", folder]
    download += [argument for tag in tags for argument in ("--platform", tag)]
    subprocess.run([*download, "--python-version", "3.11", *options, *requirements], check=True)
