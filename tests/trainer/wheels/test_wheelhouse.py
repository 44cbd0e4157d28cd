"""Wheels for another machine, with the real pip and a folder in place of the index."""

from __future__ import annotations

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
from edge.errors import UnavailableError
from support.stand_in_wheels import write_wheel
from trainer.wheels.edge_wheel import build_device_wheel
from trainer.wheels.machine import Machine
from trainer.wheels.wheelhouse import collect_wheels

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched from outside; folders that this machine's pip is configured with do not count."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


def test_the_device_wheel_is_the_edge_package_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    """It has every module of edge and no trainer; two of it are equal."""
    one, two = build_device_wheel(tmp_path / "a"), build_device_wheel(tmp_path / "b")
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        names = archive.namelist()
    modules = {
        path.relative_to(Path(edge.__file__).parents[1]).as_posix() for path in Path(edge.__file__).parent.rglob("*.py")
    }
    assert modules <= set(names)
    assert {name.split("/")[0] for name in names} == {"edge", f"{one.name.removesuffix('-py3-none-any.whl')}.dist-info"}


def test_the_device_wheel_brings_the_command_of_the_project(tmp_path: Path) -> None:
    """Installed by pip it has the ``edge`` command of pyproject.toml, which labels a photo, and no other command."""
    wheel, site, photo = build_device_wheel(tmp_path / "wheels"), tmp_path / "site", tmp_path / "red.png"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    assert [path.name for path in (site / "bin").iterdir()] == ["edge"]
    (wanted,) = re.findall(r'^edge = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    (metadata,) = site.glob("*.dist-info")
    assert (metadata / "entry_points.txt").read_text("utf-8") == f"[console_scripts]\nedge = {wanted}\n"
    Image.new("RGB", (64, 64), (200, 30, 30)).save(photo)
    model = ROOT / "tests" / "data" / "tiny-int8.tflite"
    done = subprocess.run(
        [site / "bin" / "edge", "label", "--model", model, photo, "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["labels"][0] == "red"


def test_requirements_are_followed_by_the_devices_markers(tmp_path: Path) -> None:
    """A dependency of a dependency comes along where the device's Python needs it, and only there."""
    index, house = tmp_path / "index", tmp_path / "house"
    write_wheel(index, "numpy", "1.26.4", "cp311-cp311-manylinux_2_17_aarch64")
    write_wheel(index, "numpy", "1.26.4", "cp311-cp311-manylinux_2_17_x86_64")
    requires = ('old_python; python_version < "3.11"', 'this_python; python_version == "3.11"')
    write_wheel(index, "pillow", "12.0", "cp311-cp311-manylinux_2_28_aarch64", requires)
    write_wheel(index, "tflite_runtime", "2.14.0", "cp311-cp311-manylinux_2_34_aarch64", ("numpy>=1.23.2",))
    write_wheel(index, "this_python", "1.0")
    write_wheel(index, "old_python", "1.0")
    found = collect_wheels(Machine.of("aarch64", "3.11"), house, [index])
    assert found.missing == []
    assert [wheel.name.split("-")[0] for wheel in found.wheels] == [
        *("edge_for_poets", "numpy", "pillow", "tflite_runtime", "this_python")
    ]
    assert {wheel.name.split("_")[-1] for wheel in found.wheels[1:4]} == {"aarch64.whl"}


def test_a_later_requirement_narrows_an_earlier_choice(tmp_path: Path) -> None:
    """The newest numpy that all accept is taken, and it is taken once."""
    index, house = tmp_path / "index", tmp_path / "house"
    for version in ("1.24.0", "1.26.4", "2.0.0"):
        write_wheel(index, "numpy", version)
    write_wheel(index, "pillow", "12.0", requires=("numpy<1.25",))
    write_wheel(index, "tflite_runtime", "2.14.0")
    found = collect_wheels(Machine.of("aarch64", "3.11"), house, [index])
    assert [wheel.name for wheel in house.glob("numpy*")] == ["numpy-1.24.0-py3-none-any.whl"]
    assert found.missing == []


def test_what_has_no_wheels_for_the_machine_is_named(tmp_path: Path) -> None:
    """As numpy and Pillow for 32-bit Raspberry Pi OS."""
    index = tmp_path / "index"
    write_wheel(index, "numpy", "1.26.4", "cp311-cp311-manylinux_2_17_x86_64")
    write_wheel(index, "tflite_runtime", "2.14.0", "cp311-cp311-manylinux_2_34_armv7l")
    found = collect_wheels(Machine.of("armv7l", "3.11"), tmp_path / "house", [index])
    assert [requirement.split("<")[0].split(">")[0] for requirement in found.missing] == ["numpy", "pillow"]


def test_an_index_that_does_not_answer_is_not_a_missing_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workstation is offline: that is said, instead of packing half of it."""
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(UnavailableError, match="online"):
        collect_wheels(Machine.of("aarch64", "3.11"), tmp_path, [])
