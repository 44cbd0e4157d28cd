"""The wheels for a device: the edge package and all that it needs there, fetched on the workstation."""

from __future__ import annotations

import hashlib
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

from edge.errors import ConfigurationError, UnavailableError, UsageError
from edge.inference.interpreter import PACKAGES
from edge.store.compatibility import Runtime
from trainer.wheels.device_platform import DevicePlatform
from trainer.wheels.device_requirements import device_requirements
from trainer.wheels.edge_wheel import build_edge_wheel, distribution


class WheelRequest(NamedTuple):
    """The edge package for ``platform``, with its ``extras``.

    pip looks for wheels in the folders ``find_links`` and in the package indexes that it is configured with.
    """

    platform: DevicePlatform
    find_links: Sequence[Path] = ()
    extras: Sequence[str] = ()


REQUIREMENTS_NAME = "requirements.txt"
"""The file beside the wheels with what :meth:`Wheelhouse.requirements` returns."""


class Wheelhouse(NamedTuple):
    """The ``wheels``, all in one folder, the edge package first; for the requirements ``missing`` there are none."""

    wheels: list[Path]
    missing: list[str]

    def requirements(self) -> str:
        """The lines for ``pip install --require-hashes -r``: the version and the sha256 of each wheel."""
        lines = []
        for wheel in self.wheels:
            name, version = _name_and_version(wheel)
            lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
        return "".join(lines)

    def interpreter(self) -> Runtime | None:
        """The interpreter that a device with these wheels uses; None if there is none among them."""
        versions = dict(map(_name_and_version, self.wheels))
        return next((Runtime(name, str(versions[at])) for name, at in PACKAGES.items() if at in versions), None)

    def check_interpreter(self, platform: DevicePlatform) -> None:
        """Raise :class:`~edge.errors.ConfigurationError` if the interpreter is missing: no device can fetch it."""
        for text in self.missing:
            if canonicalize_name(Requirement(text).name) in PACKAGES.values():
                raise ConfigurationError(
                    f"no interpreter: {text} has no wheel for {platform.processor} and Python {platform.python}; "
                    "use the 64-bit Raspberry Pi OS, a 32-bit one with Python 3.11 (Debian 12; for a bundle "
                    "--python 3.11), or give the folder of a wheel with --find-links"
                )


def collect_wheels(
    request: WheelRequest, folder: Path, advance: Callable[[int], None] = lambda count: None
) -> Wheelhouse:
    """Write the wheels of ``request`` to ``folder``; ``advance`` is called with the number of wheels that arrived.

    The interpreter is LiteRT on 64 bits and tflite-runtime on 32: :func:`device_requirements`. The requirements of
    each wheel are followed here, and not by pip, because pip evaluates their environment markers for the Python of
    this workstation.

    Raises :class:`~edge.errors.UnavailableError` if pip does not run or reaches no index,
    :class:`~edge.errors.ConfigurationError` if there is no pip, :class:`~edge.errors.UsageError` if the edge package
    does not have one of the extras, and the errors of :func:`~trainer.wheels.edge_wheel.build_edge_wheel`.
    """
    platform = request.platform
    installed = distribution()
    requires = device_requirements(installed.requires or [], platform)
    edge_wheel = build_edge_wheel(folder, requires)
    advance(1)
    wanted: dict[str, SpecifierSet] = {}
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    known = set(installed.metadata.get_all("Provides-Extra") or [])
    for extra in request.extras:
        if extra not in known:
            raise UsageError(f"the edge package has no extra {extra!r}; known are {', '.join(sorted(known))}")
    pending = _requirements(requires, platform, request.extras)
    while pending:
        batch: dict[str, str] = {}
        for requirement in pending:
            name = canonicalize_name(requirement.name)
            wanted[name] = wanted.get(name, SpecifierSet()) & requirement.specifier
            if name in found and wanted[name].contains(_name_and_version(found[name])[1]):
                continue
            if name in found:
                found.pop(name).unlink()
            batch[name] = f"{requirement.name}{wanted[name]}"
        wheels = _download(list(batch.values()), request, folder)
        if wheels is None:  # pip does not say which of them has no wheel: fetch each alone
            attempts = [_download([text], request, folder) for text in batch.values()]
            wheels = [wheel for attempt in attempts if attempt for wheel in attempt]
        arrived = {_name_and_version(wheel)[0]: wheel for wheel in wheels}
        found |= arrived
        missing |= {name: text for name, text in batch.items() if name not in arrived}
        advance(len(arrived))
        pending = [needed for wheel in wheels for needed in _requirements(_required_by(wheel), platform)]
    wheels = [edge_wheel, *(found[name] for name in sorted(found))]
    return Wheelhouse(wheels, [missing[name] for name in sorted(missing)])


def _requirements(texts: list[str], platform: DevicePlatform, extras: Sequence[str] = ()) -> list[Requirement]:
    """The requirements among ``texts`` whose markers hold on ``platform`` with one of ``extras`` or with none."""
    requirements = [Requirement(text) for text in texts]
    markers = [{**platform.markers(), "extra": extra} for extra in ("", *extras)]
    return [one for one in requirements if one.marker is None or any(map(one.marker.evaluate, markers))]


def _required_by(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(name).decode())
    return headers.get_all("Requires-Dist") or []


def _name_and_version(wheel: Path) -> tuple[str, Version]:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return name, version


def _download(requirements: list[str], request: WheelRequest, folder: Path) -> list[Path] | None:
    """The wheels for ``requirements``, or None if no index has one of them for the platform."""
    if not requirements:
        return []
    platform = request.platform
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", platform.python]
    command += [argument for tag in platform.tags() for argument in ("--platform", tag)]
    command += [argument for path in request.find_links for argument in ("--find-links", str(path))]
    with tempfile.TemporaryDirectory(dir=folder) as target:
        done = subprocess.run([*command, "--dest", target, *requirements], capture_output=True)
        if done.returncode == 0:
            return [wheel.rename(folder / wheel.name) for wheel in sorted(Path(target).glob("*.whl"))]
    errors = done.stderr.decode(errors="replace")  # a path in them need not be valid in the system's encoding
    if "No matching distribution" in errors and "Retrying" not in errors:
        return None
    if "No module named pip" in errors:
        raise ConfigurationError(
            f"pip, which fetches wheels, is not installed here: {sys.executable} -m ensurepip, or uv pip install pip"
        )
    lines = errors.strip().splitlines() or [f"code {done.returncode}"]
    raise UnavailableError(
        f"pip could not fetch {requirements[0]} ({lines[-1][:200]}); check that this workstation is online"
    )
