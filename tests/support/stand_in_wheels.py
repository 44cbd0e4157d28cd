"""Wheels that stand in for those of a package index: each leads to the package that is installed here."""

from __future__ import annotations

import platform
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MACHINE = platform.machine()


def write_wheel(
    folder: Path, name: str, version: str, tag: str = "py3-none-any", requires: tuple[str, ...] = (), text: str = ""
) -> Path:
    """Write a wheel with one file, ``NAME.pth`` with ``text``, and its metadata."""
    stem = f"{name}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{tag}.whl"
    info = f"{stem}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.pth", text)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", f"{name}.pth,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def write_index(folder: Path) -> Path:
    """Write wheels of all that the edge package needs on this machine; they import what is installed here."""
    here = sysconfig.get_paths()["purelib"] + "\n"
    for name, version in (("numpy", "1.26.4"), ("pillow", "12.0"), ("tflite_runtime", "2.14.0")):
        write_wheel(folder, name, version, text=here)
    write_wheel(folder, "ai_edge_litert", "2.3.0", text=here)
    return folder


def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip fetch nothing from a network, and ignore its own configuration on this machine."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
