"""A bare Raspberry Pi is flashed over ssh, labels, is rolled back and refuses models."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from emulated_pi import EDGE, Pi, current, running
from userland import System

from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from support.paths import DATA
from trainer.export.metadata import label_lines, pack_files

Command = Callable[..., "subprocess.CompletedProcess[str]"]
TINY = DATA / "tiny-int8.tflite"
FLEET = 5

pytestmark = pytest.mark.usefixtures("only_64_bit")


def _changed_copy(folder: Path, name: str, **changes: Any) -> Path:
    """A copy of the tiny model with another manifest, so that its sha256 is another."""
    model = ModelFile.load(TINY)
    assert model.manifest is not None
    manifest = dataclasses.replace(model.manifest, training={"name": name}, known_photos=None, **changes)
    path = folder / f"{name}.tflite"
    flatbuffer = model.content[: unpack_files(model.content).flatbuffer_bytes]
    path.write_bytes(pack_files(flatbuffer, label_lines(model.labels), manifest))
    return path


@pytest.fixture(scope="module")
def trainer(workstation: Command) -> Callable[..., tuple[int, list[dict[str, Any]]]]:
    """Run ``trainer flash`` or ``trainer rollback`` with ``--json``: the exit code, and the record of each target."""

    def run(command: str, *arguments: object, pi: Pi) -> tuple[int, list[dict[str, Any]]]:
        done = workstation("trainer", command, *arguments, "--ssh-config", pi.config, "--json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)["targets"]

    return run


@pytest.fixture(scope="module")
def flashed(pi: Pi, models: dict[str, Path], trainer: Any) -> Pi:
    """The Pi, prepared and flashed with the model of the flowers by one command."""
    code, (result,) = trainer("flash", models["int8"], "--bootstrap", "--yes", pi.name, pi=pi)
    assert (code, result["state"]) == (0, "flashed"), result
    assert result["current"] == ModelFile.load(models["int8"]).sha256
    return pi


@pytest.mark.short
def test_a_bare_pi_is_made_ready_and_labels(flashed: Pi, photos: Path, workstation: Command, models: Any) -> None:
    """The Pi gives a photo the label and the scores of the workstation."""
    photo = sorted((photos / "compare").rglob("*.jpg"))[0]
    flashed.put(photo)
    there = flashed.run(f'{EDGE} label --json --model "$({EDGE} store current)" {photo.name}')
    assert there.returncode == 0, there.stderr
    here = workstation("edge", "label", "--json", "--model", models["int8"], photo, env={"EDGE_RUNTIME": "litert"})
    theirs, ours = json.loads(there.stdout), json.loads(here.stdout)
    assert theirs["labels"][0] == ours["labels"][0]
    assert theirs["scores"] == pytest.approx(ours["scores"], abs=1 / 255)


def test_a_flash_of_the_same_model_changes_nothing(flashed: Pi, models: dict[str, Path], trainer: Any) -> None:
    """The same command again has the state unchanged, and no byte is sent or written."""
    models_there = f"find {current(flashed)['root']}/models -printf '%p %T@\\n' | sort"
    before = flashed.run(models_there).stdout
    assert "/model.tflite " in before
    code, (result,) = trainer("flash", models["int8"], "--bootstrap", "--yes", flashed.name, pi=flashed)
    assert (code, result["state"], result["sent_bytes"]) == (0, "unchanged", 0), result
    assert result["detail"] == "this model is already current"
    assert flashed.run(models_there).stdout == before


@pytest.mark.short
def test_rollback_goes_back_and_an_older_model_is_refused(
    flashed: Pi, models: dict[str, Path], trainer: Any, tmp_path: Path
) -> None:
    """A flash of the model before needs --allow-older; a rollback makes it current, a second one changes nothing."""
    first = current(flashed)["current"]
    code, (result,) = trainer("flash", _changed_copy(tmp_path, "second"), flashed.name, pi=flashed)
    assert (code, result["state"], result["previous"]) == (0, "flashed", first), result
    second = result["current"]
    code, (result,) = trainer("flash", models["int8"], flashed.name, pi=flashed)
    assert (code != 0, result["state"]) == (True, "failed")
    assert "--allow-older" in result["detail"]
    assert current(flashed)["current"] == second
    for _ in range(2):
        code, (result,) = trainer("rollback", flashed.name, pi=flashed)
        assert (code, result["state"], result["current"]) == (0, "rolled back", first), result
    assert current(flashed)["current"] == first


def test_a_model_for_a_newer_runtime_is_refused(flashed: Pi, trainer: Any, tmp_path: Path) -> None:
    """If the interpreter of the Pi is too old, the error names one that runs the model; the current model stays."""
    before = current(flashed)
    newer = _changed_copy(tmp_path, "newer", minimum_runtime="2.99.0")
    code, (result,) = trainer("flash", newer, flashed.name, pi=flashed)
    assert (code, result["state"]) == (65, "failed")
    assert "ai-edge-litert" in result["detail"]
    assert current(flashed) == before


@pytest.fixture
def fleet(flashed: Pi, system: System, tmp_path: Path) -> Iterator[list[Pi]]:
    """Five Pis with copies of the home folder of the flashed one."""
    copied = subprocess.run(
        ["ssh", "-F", flashed.config, flashed.name, "tar -c .local"], capture_output=True, check=True
    )
    with running(system, tmp_path / "keys", FLEET) as pis:
        for pi in pis:
            assert pi.run("tar -x", copied.stdout).returncode == 0
        yield pis


def test_a_fleet_of_five_is_flashed_by_one_command(
    fleet: list[Pi], trainer: Any, tmp_path: Path, photos: Path, report: Callable[[str], None]
) -> None:
    """One command flashes five, the same command again changes none, and each labels with the new model."""
    photo = sorted((photos / "compare").rglob("*.jpg"))[0]
    for pi in fleet:
        pi.put(photo)
    names = [pi.name for pi in fleet]
    model = _changed_copy(tmp_path, "fleet")
    sha256 = ModelFile.load(model).sha256
    for state in ("flashed", "unchanged"):
        began = time.monotonic()
        code, result = trainer("flash", model, *names, "--canary", 1, pi=fleet[0])
        flashed_s = time.monotonic() - began
        assert (code, [one["state"] for one in result]) == (0, [state] * FLEET), result
        assert {one["current"] for one in result} == {sha256}
        done = fleet[-1].run(f'{EDGE} label --json --model "$({EDGE} store current)" {photo.name}')
        assert done.returncode == 0, done.stderr
        report(
            f"fleet of {FLEET}, {state}: {flashed_s:.1f} s, and {time.monotonic() - began:.1f} s from the command to "
            "the first label of the last (emulated, two cores for all: says nothing of a Raspberry Pi)"
        )
