"""The edge package as a wheel for devices, made of the installed files that this trainer itself uses."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import edge
from edge.distribution import DISTRIBUTION
from edge.errors import ConfigurationError
from edge.files import write_whole

_DATE = (1980, 1, 1, 0, 0, 0)  # always the earliest date of a zip, so that the same files give the same bytes
_WHEEL = "Wheel-Version: 1.0\nGenerator: edge-for-poets\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def distribution() -> importlib.metadata.Distribution:
    """The metadata of this project, installed here from a checkout or a wheel.

    Raises :class:`~edge.errors.ConfigurationError` if the project is not installed.
    """
    try:
        return importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        raise ConfigurationError(f"{DISTRIBUTION} is not installed here: pip install '.[trainer]'") from None


def build_edge_wheel(folder: Path, requires: Sequence[str]) -> Path:
    """Write the wheel to ``folder`` and return its path. It contains the ``edge`` package and its metadata.

    ``requires`` takes the place of the requirements in the metadata.

    This needs neither a build backend nor a package index. Raises :class:`~edge.errors.ConfigurationError` if the
    project is not installed, and :class:`~edge.errors.StorageError` if the wheel cannot be written.
    """
    installed = distribution()
    stem = f"{re.sub(r'[-_.]+', '_', DISTRIBUTION)}-{installed.version}"
    metadata = f"{stem}.dist-info"
    root = Path(edge.__file__).parent
    parts = {
        f"edge/{path.relative_to(root).as_posix()}": path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    parts = dict(sorted(parts.items()))
    parts[f"{metadata}/METADATA"] = _metadata(installed, requires).encode()
    parts[f"{metadata}/WHEEL"] = _WHEEL.encode()
    parts[f"{metadata}/entry_points.txt"] = _entry_points(installed).encode()
    record = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in parts.items()]
    parts[f"{metadata}/RECORD"] = "".join(f"{line}\n" for line in [*record, f"{metadata}/RECORD,,"]).encode()
    path = folder / f"{stem}-py3-none-any.whl"
    write_whole(path, _zip(parts))
    return path


def _metadata(installed: importlib.metadata.Distribution, requires: Sequence[str]) -> str:
    head, blank, body = (installed.read_text("METADATA") or "").partition("\n\n")
    lines = [line for line in head.splitlines() if not line.startswith("Requires-Dist:")]
    return "\n".join([*lines, *(f"Requires-Dist: {text}" for text in requires)]) + blank + body


def _entry_points(installed: importlib.metadata.Distribution) -> str:
    """The commands of the project that start a module of ``edge``, as an ``entry_points.txt``."""
    commands = installed.entry_points.select(group="console_scripts")
    lines = [f"{command.name} = {command.value}" for command in commands if command.module.split(".")[0] == "edge"]
    return "\n".join(["[console_scripts]", *sorted(lines), ""])


def _zip(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
