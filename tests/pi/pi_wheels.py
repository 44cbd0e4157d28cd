"""The wheels of this checkout, and of what it needs, for a Raspberry Pi, which itself reaches no package index."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

from support.paths import REPOSITORY
from trainer.wheels.device_platform import DevicePlatform
from trainer.wheels.edge_wheel import distribution

_PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def build_edge(folder: Path) -> Path:
    """Build the wheel of this checkout in ``folder``; returns its path."""
    subprocess.run([*_PIP, "wheel", "--no-deps", "--wheel-dir", folder, REPOSITORY], check=True)
    (wheel,) = folder.glob("edge_for_poets-*.whl")
    return wheel


def required_there(platform: DevicePlatform) -> list[str]:
    """What the edge package requires on ``platform``; pip would read the markers for this workstation."""
    requirements = [Requirement(text) for text in distribution().requires or []]
    chosen = [one for one in requirements if one.marker is None or one.marker.evaluate(platform.markers())]
    return [f"{one.name}{one.specifier}" for one in chosen]


def fetch(folder: Path, platform: DevicePlatform, *requirements: str, options: tuple[str, ...] = ()) -> None:
    """Fetch the wheels of ``requirements`` for ``platform`` into ``folder``."""
    done = _download(folder, platform, *requirements, options=options)
    assert done.returncode == 0, done.stderr


def fetch_if_any(folder: Path, platform: DevicePlatform, name: str) -> bool:
    """Fetch the wheel of the package ``name`` alone; whether the package index has one for ``platform``.

    An index that cannot be reached is a failure, not an answer.
    """
    done = _download(folder, platform, name, options=("--no-deps",))
    assert done.returncode == 0 or ("No matching distribution" in done.stderr and "Retrying" not in done.stderr), (
        done.stderr
    )
    return done.returncode == 0


def _download(
    folder: Path, platform: DevicePlatform, *requirements: str, options: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    download = [*_PIP, "download", "--only-binary=:all:", "--dest", str(folder), "--python-version", platform.python]
    download += [argument for tag in platform.tags() for argument in ("--platform", tag)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write(_constraints(platform))
        constraints.flush()
        command = [*download, "-c", constraints.name, *options, *requirements]
        return subprocess.run(command, capture_output=True, text=True)


def _constraints(platform: DevicePlatform) -> str:
    """The lines of ``constraints.txt`` that hold there: pip would read their markers for this workstation."""
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    held = [one for one in pinned if one.marker is None or one.marker.evaluate(platform.markers())]
    return "".join(f"{one.name}{one.specifier}\n" for one in held)
