"""Wheels for another machine: the edge package and all that it needs there, fetched on the workstation."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from email.parser import HeaderParser
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from edge.errors import UnavailableError, UsageError
from trainer.wheels.edge_wheel import build_device_wheel, distribution
from trainer.wheels.machine import Machine


class Wheelhouse(NamedTuple):
    """The ``wheels`` in one folder, the edge package first; for the requirements ``missing`` there are none."""

    wheels: list[Path]
    missing: list[str]


def collect_wheels(
    machine: Machine,
    folder: Path,
    find_links: list[Path],
    extras: Sequence[str] = (),
    advance: Callable[[int], None] = lambda count: None,
) -> Wheelhouse:
    """Fill ``folder`` with the wheels that the edge package needs on ``machine``, with its ``extras``.

    pip fetches them, from the folders ``find_links`` and from the indexes that it is configured with.
    Requirements are followed here, because pip would judge their environment markers by this machine's Python.
    ``advance`` is called with the number of wheels that came.

    Raises :class:`~edge.errors.UnavailableError` where pip cannot be run or reaches no index at all, and
    :class:`~edge.errors.UsageError` for an extra that the edge package has not.
    """
    own = build_device_wheel(folder)
    advance(1)
    wanted: dict[str, SpecifierSet] = {}
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    known = set(distribution().metadata.get_all("Provides-Extra") or [])
    for extra in extras:
        if extra not in known:
            raise UsageError(f"no extra {extra!r}; known are {', '.join(sorted(known))}")
    pending = _requirements(distribution().requires or [], machine, extras)
    while pending:
        batch: dict[str, str] = {}
        for requirement in pending:
            name = canonicalize_name(requirement.name)
            wanted[name] = wanted.get(name, SpecifierSet()) & requirement.specifier
            if name in found and wanted[name].contains(_parsed(found[name])[1]):
                continue
            if name in found:
                found.pop(name).unlink()
            batch[name] = f"{requirement.name}{wanted[name]}"
        wheels = _download(list(batch.values()), machine, folder, find_links)
        if wheels is None:  # one of them has none: which?
            alone = [_download([text], machine, folder, find_links) for text in batch.values()]
            wheels = [wheel for some in alone if some for wheel in some]
        arrived = {_parsed(wheel)[0]: wheel for wheel in wheels}
        found |= arrived
        missing |= {name: text for name, text in batch.items() if name not in arrived}
        advance(len(arrived))
        pending = [one for wheel in wheels for one in _requirements(_required_by(wheel), machine)]
    return Wheelhouse([own, *(found[name] for name in sorted(found))], [missing[name] for name in sorted(missing)])


def _requirements(texts: list[str], machine: Machine, extras: Sequence[str] = ()) -> list[Requirement]:
    requirements = [Requirement(text) for text in texts]
    markers = [{**machine.markers(), "extra": extra} for extra in ("", *extras)]
    return [one for one in requirements if one.marker is None or any(map(one.marker.evaluate, markers))]


def _required_by(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(name).decode())
    return headers.get_all("Requires-Dist") or []


def _parsed(wheel: Path) -> tuple[str, Version]:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return name, version


def _download(requirements: list[str], machine: Machine, folder: Path, find_links: list[Path]) -> list[Path] | None:
    """The wheels for ``requirements``, or None where no index has one of them for ``machine``."""
    if not requirements:
        return []
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", machine.python]
    command += [word for tag in machine.tags() for word in ("--platform", tag)]
    command += [word for path in find_links for word in ("--find-links", str(path))]
    with tempfile.TemporaryDirectory(dir=folder) as target:
        done = subprocess.run([*command, "--dest", target, *requirements], capture_output=True, text=True)
        if done.returncode == 0:
            return [wheel.rename(folder / wheel.name) for wheel in sorted(Path(target).glob("*.whl"))]
    if "No matching distribution" in done.stderr and "Retrying" not in done.stderr:
        return None
    lines = done.stderr.strip().splitlines() or [f"code {done.returncode}"]
    raise UnavailableError(f"pip could not fetch {requirements[0]} ({lines[-1][:200]}); is this workstation online?")
