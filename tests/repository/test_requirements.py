"""What pip installs on the systems of a workstation."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

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
