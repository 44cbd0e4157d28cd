"""What pip installs on the systems of a workstation, and on the oldest release of Python 3.11 that is in use."""

from __future__ import annotations

import importlib.metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from support.paths import REPOSITORY

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no tomllib")


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize(
    ("system", "machine"), [("win32", "AMD64"), ("darwin", "arm64"), ("linux", "x86_64")], ids=lambda name: name
)
def test_a_workstation_gets_litert(python: str, system: str, machine: str) -> None:
    """tflite-runtime has no wheels for Windows and macOS, and is slower on x86-64."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    there = {"python_version": python, "sys_platform": system, "platform_machine": machine}
    wanted = [Requirement(text) for text in project["dependencies"]]
    names = {requirement.name for requirement in wanted if not requirement.marker or requirement.marker.evaluate(there)}
    assert names == {"numpy", "pillow", "ai-edge-litert"}
    limited = [str(requirement) for requirement in wanted if "<2" in str(requirement.specifier)]
    assert all(not Requirement(text).marker.evaluate(there) for text in limited)  # type: ignore[union-attr]


def test_what_is_pinned_can_be_installed_on_debian_12() -> None:
    """Its Python is 3.11.2: a pinned package that needs a newer 3.11 would end the installation there."""
    there = {"python_version": "3.11", "python_full_version": "3.11.2"}
    lines = (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    assert len(pins) > 100
    installed = {pin.name: _installed(pin) for pin in pins if pin.marker is None or pin.marker.evaluate(there)}
    needs = {name: found.get("Requires-Python") for name, found in installed.items() if found}
    assert [name for name, needed in needs.items() if needed and not SpecifierSet(needed).contains("3.11.2")] == []


def _installed(pin: Requirement) -> importlib.metadata.PackageMetadata | None:
    """The metadata of what is pinned, None if this environment has it not, or in another release."""
    try:
        found = importlib.metadata.distribution(pin.name)
    except importlib.metadata.PackageNotFoundError:
        return None
    return found.metadata if pin.specifier.contains(found.version) else None
