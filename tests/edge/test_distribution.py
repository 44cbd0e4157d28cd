"""What the package says of its dependencies is what its metadata says."""

from __future__ import annotations

import ast
import importlib.metadata
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import edge
from edge.distribution import DISTRIBUTION, install_command, installed_version
from edge.inference.interpreter import NUMPY_FIX, PACKAGES, RUNTIMES
from edge.store import compatibility

SOURCES = sorted(Path(edge.__file__).parent.rglob("*.py"))


@pytest.fixture(scope="module")
def metadata() -> importlib.metadata.Distribution:
    """The metadata of the installed project."""
    return importlib.metadata.distribution(DISTRIBUTION)


def test_install_command() -> None:
    """The extra is quoted for a shell; options of pip stand before it."""
    assert install_command("web") == "pip install 'edge-for-poets[web]'"
    assert install_command("camera", "-U") == "pip install -U 'edge-for-poets[camera]'"


def test_installed_version() -> None:
    """The version is that of the package's metadata; None for a package that is not installed."""
    assert installed_version("numpy") == np.__version__
    assert installed_version("no-such-package-here") is None


def test_every_extra_that_a_message_names_exists(metadata: importlib.metadata.Distribution) -> None:
    """A message never asks for an extra that the project does not have."""
    named = set()
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "install_command":
                named |= {argument.value for argument in call.args[:1] if isinstance(argument, ast.Constant)}
    assert {"camera", "litert", "heif"} <= named <= set(metadata.metadata.get_all("Provides-Extra") or ())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_other_module_names_an_extra(path: Path) -> None:
    """The command that installs an extra is made in one place."""
    assert f"{DISTRIBUTION}[" not in path.read_text(encoding="utf-8")


def test_the_runtimes_are_those_of_the_dependencies(metadata: importlib.metadata.Distribution) -> None:
    """Each interpreter with a package is a dependency, and tflite-runtime stands beside the numpy that it needs."""
    required = [line.partition(";")[0].strip() for line in metadata.requires or ()]
    assert RUNTIMES.keys() - PACKAGES.keys() == {"tflite-c"}
    for package in PACKAGES.values():
        assert any(re.match(rf"{package}\b", line) for line in required)
    assert NUMPY_FIX == "pip install 'numpy<2'" and any(re.match(r"numpy\b.*<2\b", line) for line in required)
    last = ".".join(map(str, compatibility._LAST_TFLITE_RUNTIME))
    assert any(line.startswith(f"tflite-runtime=={last}.") for line in required)


def test_the_types_are_for_users_too() -> None:
    """``py.typed`` tells type checkers that the annotations of the installed package count."""
    assert files("edge").joinpath("py.typed").is_file()
