"""Wheels for another platform, with the real pip and a folder in place of the index."""

from __future__ import annotations

import email
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import edge
from edge.errors import ConfigurationError, UnavailableError
from edge.inference.interpreter import PACKAGES
from support.paths import DATA, REPOSITORY
from support.stand_in_wheels import no_index, write_wheel
from trainer.wheels.device_platform import DevicePlatform
from trainer.wheels.edge_wheel import build_edge_wheel
from trainer.wheels.wheelhouse import Wheelhouse, WheelRequest, collect_wheels


@pytest.fixture(autouse=True)
def _no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip fetch nothing from a network, and ignore its own configuration on this machine."""
    no_index(monkeypatch)


def collect(processor: str, folder: Path, *find_links: Path) -> Wheelhouse:
    """The wheels for Python 3.11 on ``processor``, from the folders ``find_links``."""
    return collect_wheels(WheelRequest(DevicePlatform.of(processor, "3.11"), find_links), folder)


def test_the_device_wheel_is_the_edge_package_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    """The wheel has every module of edge, its ``py.typed`` and no trainer; a second one has the same bytes."""
    one, two = (build_edge_wheel(tmp_path / name, ["numpy"]) for name in "ab")
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        names = archive.namelist()
    modules = {
        path.relative_to(Path(edge.__file__).parents[1]).as_posix() for path in Path(edge.__file__).parent.rglob("*.py")
    }
    assert modules | {"edge/py.typed"} <= set(names)
    assert {name.split("/")[0] for name in names} == {"edge", f"{one.name.removesuffix('-py3-none-any.whl')}.dist-info"}


def test_the_device_wheel_brings_the_command_of_the_project(tmp_path: Path) -> None:
    """Installed by pip it has the ``edge`` command of pyproject.toml, which labels a photo, and no other command."""
    wheel, site, photo = build_edge_wheel(tmp_path / "wheels", []), tmp_path / "site", tmp_path / "red.png"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    assert [path.name for path in (site / "bin").iterdir()] == ["edge"]
    (wanted,) = re.findall(r'^edge = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    (metadata,) = site.glob("*.dist-info")
    assert (metadata / "entry_points.txt").read_text("utf-8") == f"[console_scripts]\nedge = {wanted}\n"
    Image.new("RGB", (64, 64), (200, 30, 30)).save(photo)
    model = DATA / "tiny-int8.tflite"
    done = subprocess.run(
        [site / "bin" / "edge", "label", "--model", model, photo, "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["labels"][0] == "red"


def test_requirements_are_followed_with_the_markers_of_the_device(tmp_path: Path) -> None:
    """The requirement of a requirement is fetched only if its marker holds for the Python of the device."""
    index, folder = tmp_path / "index", tmp_path / "wheels"
    write_wheel(index, "numpy", "1.26.4", "cp311-cp311-manylinux_2_17_aarch64")
    write_wheel(index, "numpy", "1.26.4", "cp311-cp311-manylinux_2_17_x86_64")
    requires = ('old_python; python_version < "3.11"', 'this_python; python_version == "3.11"')
    write_wheel(index, "pillow", "12.0", "cp311-cp311-manylinux_2_28_aarch64", requires)
    write_wheel(index, "ai_edge_litert", "2.3.0", "cp311-cp311-manylinux_2_27_aarch64", ("numpy>=1.23.2",))
    write_wheel(index, "this_python", "1.0")
    write_wheel(index, "old_python", "1.0")
    found = collect("aarch64", folder, index)
    assert found.missing == []
    assert [wheel.name.split("-")[0] for wheel in found.wheels] == [
        *("edge_for_poets", "ai_edge_litert", "numpy", "pillow", "this_python")
    ]
    assert {wheel.name.split("_")[-1] for wheel in found.wheels[1:4]} == {"aarch64.whl"}


@pytest.mark.parametrize(
    ("processor", "interpreter"), [("aarch64", "litert"), ("x86_64", "litert"), ("armv7l", "tflite-runtime")]
)
def test_litert_on_64_bits_and_tflite_runtime_on_32(processor: str, interpreter: str, tmp_path: Path) -> None:
    """Of two interpreters that the index has, the device gets one; its edge wheel asks for that one on any machine."""
    index = tmp_path / "index"
    for name, version in (("numpy", "1.26.4"), ("pillow", "12.0"), ("ai_edge_litert", "2.3.0")):
        write_wheel(index, name, version)
    write_wheel(index, "tflite_runtime", "2.14.0")
    found = collect(processor, tmp_path / "wheels", index)
    runtime = found.interpreter()
    assert runtime is not None and runtime.name == interpreter
    assert [
        wheel.name.split("-")[0] for wheel in found.wheels if "edge_litert" in wheel.name or "tflite" in wheel.name
    ] == [{"litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}[interpreter]]
    with zipfile.ZipFile(found.wheels[0]) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = email.message_from_string(archive.read(name).decode())
    asked = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {re.split("[<>=]", line)[0] for line in asked} == {"numpy", "pillow", PACKAGES[interpreter]}
    assert not any(";" in line for line in asked)
    assert "Edge for Poets" in metadata.get_payload()


def test_a_later_requirement_narrows_an_earlier_choice(tmp_path: Path) -> None:
    """The newest numpy that all requirements accept is fetched, and no other remains."""
    index, folder = tmp_path / "index", tmp_path / "wheels"
    for version in ("1.24.0", "1.26.4", "2.0.0"):
        write_wheel(index, "numpy", version)
    write_wheel(index, "pillow", "12.0", requires=("numpy<1.25",))
    write_wheel(index, "ai_edge_litert", "2.3.0")
    found = collect("aarch64", folder, index)
    assert [wheel.name for wheel in folder.glob("numpy*")] == ["numpy-1.24.0-py3-none-any.whl"]
    assert found.missing == []


def test_a_requirement_without_a_wheel_is_named(tmp_path: Path) -> None:
    """For 32-bit Raspberry Pi OS these are numpy and Pillow."""
    index = tmp_path / "index"
    write_wheel(index, "numpy", "1.26.4", "cp311-cp311-manylinux_2_17_x86_64")
    write_wheel(index, "tflite_runtime", "2.14.0", "cp311-cp311-manylinux_2_34_armv7l")
    found = collect("armv7l", tmp_path / "wheels", index)
    assert [requirement.split("<")[0].split(">")[0] for requirement in found.missing] == ["numpy", "pillow"]


def test_an_index_that_does_not_answer_is_not_a_missing_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the workstation is offline, that is an error, and no wheel counts as missing."""
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(UnavailableError, match="online"):
        collect("aarch64", tmp_path)


def test_an_environment_without_pip_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environments of uv are such. The path of this Python need not be UTF-8, nor what it prints."""
    python = tmp_path / os.fsdecode(b"caf\xe9") / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(ConfigurationError, match=r"pip, which fetches wheels, is not installed here: .* uv "):
        collect("aarch64", tmp_path / "wheels")
