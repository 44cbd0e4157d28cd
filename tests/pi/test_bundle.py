"""A bare Raspberry Pi without a network gets edge and a model from a bundle."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from emulated_pi import EDGE, current, running
from userland import System

from edge.modelfile.model_file import ModelFile
from trainer.wheels.device_platform import DevicePlatform

Command = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.usefixtures("only_64_bit")


def test_a_bundle_needs_no_network(
    system: System,
    platform: DevicePlatform,
    models: dict[str, Path],
    workstation: Command,
    photos: Path,
    tmp_path: Path,
) -> None:
    """A bare Pi without any network labels after the installer of the bundle has run, also if it runs twice."""
    archive = tmp_path / "bundle.tar.gz"
    where = ("--platform", platform.processor, "--python", platform.python)
    made = workstation("trainer", "bundle", models["int8"], *where, "--output", archive)
    assert made.returncode == 0, made.stderr
    photo = sorted((photos / "compare").rglob("*.jpg"))[0]
    with running(system, tmp_path / "keys") as (bare,):
        bare.put(archive)
        bare.put(photo)
        assert bare.without_network('test "$(cat /proc/net/route | wc -l)" -le 1').returncode == 0
        for _ in range(2):
            done = bare.without_network("tar -xzf bundle.tar.gz && sh edge-bundle/install.sh")
            assert done.returncode == 0, done.stderr
            assert current(bare)["current"] == ModelFile.load(models["int8"]).sha256
        done = bare.without_network(f'{EDGE} label --json --model "$({EDGE} store current)" {photo.name}')
        assert done.returncode == 0, done.stderr
        assert len(json.loads(done.stdout)["labels"]) == 5
