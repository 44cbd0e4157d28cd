"""The true path: a bare Raspberry Pi, flashed over ssh, labels; goes back; refuses; needs no network."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from room import Pi, running

from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from support.paths import DATA
from trainer.export.metadata import label_lines, pack_files

Command = Callable[..., "subprocess.CompletedProcess[str]"]
TINY = DATA / "tiny-int8.tflite"
FLEET = 5
EDGE = ".local/share/edge/venv/bin/edge"

pytestmark = pytest.mark.usefixtures("only_64_bit")


@pytest.fixture(scope="module")
def only_64_bit(arch: str) -> None:
    """Skip for 32 bits: numpy and Pillow for them come from an index that the tests do not reach."""
    if arch != "arm64":
        pytest.skip("the package index has no wheels of numpy and Pillow for 32 bits")


def _variant(folder: Path, name: str, **changes: Any) -> Path:
    """The tiny model, with other words in its manifest."""
    model = ModelFile.load(TINY)
    assert model.manifest is not None
    manifest = dataclasses.replace(model.manifest, training={"name": name}, **changes)
    path = folder / f"{name}.tflite"
    flatbuffer = model.content[: unpack_files(model.content).flatbuffer_bytes]
    path.write_bytes(pack_files(flatbuffer, label_lines(model.labels), manifest))
    return path


@pytest.fixture(scope="module")
def trainer(workstation: Command) -> Callable[..., tuple[int, list[dict[str, Any]]]]:
    """Run ``trainer flash`` or ``trainer rollback`` with ``--json``: the exit code, and what it says of each target."""

    def run(command: str, *arguments: object, pi: Pi) -> tuple[int, list[dict[str, Any]]]:
        done = workstation("trainer", command, *arguments, "--ssh-config", pi.config, "--json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)["targets"]

    return run


@pytest.fixture(scope="module")
def flashed(pi: Pi, models: dict[str, Path], trainer: Any) -> Pi:
    """The Pi, made ready and flashed with the flowers, by one command."""
    code, (said,) = trainer("flash", models["int8"], "--bootstrap", "--yes", pi.name, pi=pi)
    assert (code, said["state"]) == (0, "flashed"), said
    assert said["current"] == ModelFile.load(models["int8"]).sha256
    return pi


def _current(pi: Pi) -> dict[str, Any]:
    done = pi.run(f"{EDGE} store current --json")
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def test_a_bare_pi_is_made_ready_and_labels(flashed: Pi, photos: Path, workstation: Command, models: Any) -> None:
    """After one command the Pi labels a photo with the flashed model as the workstation does."""
    photo = sorted((photos / "judge").rglob("*.jpg"))[0]
    flashed.put(photo)
    there = flashed.run(f'{EDGE} label --json --model "$({EDGE} store current)" {photo.name}')
    assert there.returncode == 0, there.stderr
    here = workstation(
        "edge", "label", "--json", "--model", models["int8"], photo, env={"EDGE_RUNTIME": "tflite-runtime"}
    )
    theirs, ours = json.loads(there.stdout), json.loads(here.stdout)
    assert theirs["labels"][0] == ours["labels"][0]
    assert theirs["scores"] == pytest.approx(ours["scores"], abs=1 / 255)


def test_a_flash_of_the_same_model_changes_nothing(flashed: Pi, models: dict[str, Path], trainer: Any) -> None:
    """An identical model, bootstrap and all, is a no-op that says so; not a byte of it is sent."""
    models_there = f"find {_current(flashed)['root']}/models -printf '%p %T@\\n' | sort"
    before = flashed.run(models_there).stdout
    assert "/model.tflite " in before
    code, (said,) = trainer("flash", models["int8"], "--bootstrap", "--yes", flashed.name, pi=flashed)
    assert (code, said["state"], said["sent_bytes"]) == (0, "unchanged", 0), said
    assert said["detail"] == "this model is already current"
    assert flashed.run(models_there).stdout == before


def test_rollback_goes_back_and_an_older_model_is_refused(
    flashed: Pi, models: dict[str, Path], trainer: Any, tmp_path: Path
) -> None:
    """The next model comes, the one before it only with a word; a rollback brings it back, a repeat keeps it."""
    first = _current(flashed)["current"]
    code, (said,) = trainer("flash", _variant(tmp_path, "second"), flashed.name, pi=flashed)
    assert (code, said["state"], said["previous"]) == (0, "flashed", first), said
    second = said["current"]
    code, (said,) = trainer("flash", models["int8"], flashed.name, pi=flashed)
    assert (code != 0, said["state"]) == (True, "failed")
    assert "--allow-older" in said["detail"]
    assert _current(flashed)["current"] == second
    for _ in range(2):
        code, (said,) = trainer("rollback", flashed.name, pi=flashed)
        assert (code, said["state"], said["current"]) == (0, "rolled back", first), said
    assert _current(flashed)["current"] == first


def test_a_model_for_a_newer_runtime_is_refused(flashed: Pi, trainer: Any, tmp_path: Path) -> None:
    """The Pi's interpreter is too old for the model: it says which one could run it, and keeps what it has."""
    before = _current(flashed)
    newer = _variant(tmp_path, "newer", minimum_runtime="2.17.0")
    code, (said,) = trainer("flash", newer, flashed.name, pi=flashed)
    assert (code, said["state"]) == (65, "failed")
    assert "ai-edge-litert" in said["detail"]
    assert _current(flashed) == before


def test_a_bundle_needs_no_network(
    arch: str, models: dict[str, Path], workstation: Command, photos: Path, tmp_path: Path
) -> None:
    """A bare Pi without any network labels after the bundle's installer, and a second run changes nothing."""
    archive = tmp_path / "bundle.tar.gz"
    made = workstation("trainer", "bundle", models["int8"], "--platform", "aarch64", "--output", archive)
    assert made.returncode == 0, made.stderr
    photo = sorted((photos / "judge").rglob("*.jpg"))[0]
    with running(arch, tmp_path / "keys") as (bare,):
        bare.put(archive)
        bare.put(photo)
        assert bare.without_network('test "$(cat /proc/net/route | wc -l)" -le 1').returncode == 0
        for _ in range(2):
            done = bare.without_network("tar -xzf bundle.tar.gz && sh edge-bundle/install.sh")
            assert done.returncode == 0, done.stderr
            assert _current(bare)["current"] == ModelFile.load(models["int8"]).sha256
        done = bare.without_network(f'{EDGE} label --json --model "$({EDGE} store current)" {photo.name}')
        assert done.returncode == 0, done.stderr
        assert len(json.loads(done.stdout)["labels"]) == 5


@pytest.fixture
def fleet(flashed: Pi, arch: str, tmp_path: Path) -> Iterator[list[Pi]]:
    """Five Pis whose cards are copies of the flashed one's home."""
    copied = subprocess.run(
        ["ssh", "-F", flashed.config, flashed.name, "tar -c .local"], capture_output=True, check=True
    )
    with running(arch, tmp_path / "keys", FLEET) as pis:
        for pi in pis:
            assert pi.run("tar -x", copied.stdout).returncode == 0
        yield pis


def test_a_fleet_of_five_takes_a_model_at_once(
    fleet: list[Pi], trainer: Any, tmp_path: Path, photos: Path, report: Callable[[str], None]
) -> None:
    """One command flashes five, the same command again changes none, and each labels with the new model."""
    photo = sorted((photos / "judge").rglob("*.jpg"))[0]
    for pi in fleet:
        pi.put(photo)
    names = [pi.name for pi in fleet]
    model = _variant(tmp_path, "fleet")
    sha256 = ModelFile.load(model).sha256
    for state in ("flashed", "unchanged"):
        began = time.monotonic()
        code, said = trainer("flash", model, *names, "--canary", 1, pi=fleet[0])
        flashed_s = time.monotonic() - began
        assert (code, [one["state"] for one in said]) == (0, [state] * FLEET), said
        assert {one["current"] for one in said} == {sha256}
        done = fleet[-1].run(f'{EDGE} label --json --model "$({EDGE} store current)" {photo.name}')
        assert done.returncode == 0, done.stderr
        report(
            f"fleet of {FLEET}, {state}: {flashed_s:.1f} s, and {time.monotonic() - began:.1f} s from the command to "
            "the first label of the last (emulated, two cores for all: says nothing of a Raspberry Pi)"
        )
