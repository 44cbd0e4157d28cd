"""A Raspberry Pi gives photos the labels and scores of the workstation, with the same interpreter."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from emulated_pi import PIP, Pi
from pi_wheels import build_edge, fetch, fetch_if_any
from PIL import Image

from edge.inference.interpreter import LIBRARY_VARIABLE, PACKAGES, RUNTIME_VARIABLE, RUNTIMES
from edge.modelfile.model_file import ModelFile
from edge.preprocess import preprocess
from support.tflite_library import INSIDE, PACKAGE, c_library
from trainer.wheels.device_platform import DevicePlatform

Command = Callable[..., "subprocess.CompletedProcess[str]"]
LARGEST = 1 / 255


class Wheels(NamedTuple):
    """The ``folder`` of the wheels of edge and of the interpreters that there are for the Pi, and their names."""

    folder: Path
    runtimes: list[str]


@pytest.fixture(scope="module")
def wheels(platform: DevicePlatform, tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """What the package index has; for 32 bits numpy and Pillow are Debian's, and a C library comes too."""
    folder = tmp_path_factory.mktemp("wheels")
    runtimes = [name for name, package in PACKAGES.items() if fetch_if_any(folder, platform, package)]
    if platform.bits == 64:
        fetch(folder, platform, "numpy", "pillow", *(PACKAGES[name] for name in runtimes))
        assert "litert" in runtimes
    elif fetch_if_any(folder, platform, PACKAGE):
        runtimes.append("tflite-c")
    build_edge(folder)
    return Wheels(folder, runtimes)


@pytest.fixture(scope="module")
def compared(
    platform: DevicePlatform, photos: Path, models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of photos to compare; for 32 bits as lossless pictures of the model's input size.

    Debian's Pillow on the Pi, which is older, and Pillow 13 here resize tall pictures to different pixels.
    """
    if platform.bits == 64:
        return photos / "compare"
    folder = tmp_path_factory.mktemp("small") / "compare"
    folder.mkdir()
    size = ModelFile.load(models["int8"]).input_size
    for path in (photos / "compare").rglob("*.jpg"):
        Image.fromarray(preprocess(path, size)).save(folder / f"{path.stem}.png")
    return folder


@pytest.fixture(scope="module")
def ready(pi: Pi, platform: DevicePlatform, wheels: Wheels, compared: Path, models: dict[str, Path]) -> Pi:
    """The Pi with edge, its interpreters, the photos and the models."""
    pi.put(wheels.folder, "wheels")
    pi.put(compared, "photos")
    for path in models.values():
        pi.put(path)
    system = "--system-site-packages" if platform.bits == 32 else ""
    install = f"{PIP} install --quiet --no-deps --no-compile --no-index wheels/*.whl"
    done = pi.run(f"python3 -m venv --without-pip {system} venv && {install}")
    assert done.returncode == 0, done.stderr
    return pi


def _scores(output: str, root: str) -> dict[str, dict[str, float]]:
    """The scores that ``edge label --json`` printed: photo below ``root`` -> label -> score, best first."""
    records = [json.loads(line) for line in output.splitlines()]
    return {
        record["path"].partition(f"{root}/")[2]: dict(zip(record["labels"], record["scores"], strict=True))
        for record in records
    }


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest, platform: DevicePlatform, wheels: Wheels) -> str:
    """Each interpreter in turn."""
    if request.param == "tflite-c" and platform.bits == 64:
        pytest.skip("the C library is for systems for which no interpreter has wheels")
    if request.param not in wheels.runtimes:
        pytest.skip(f"{request.param} has no wheel for {platform.processor} and Python {platform.python}")
    if request.param == "tflite-c" and c_library() is None:
        pytest.skip(f"{PACKAGE} is not installed on this workstation")
    if importlib.util.find_spec(RUNTIMES[request.param].split(".")[0]) is None:
        pytest.skip(f"{request.param} is not installed on this workstation")
    return str(request.param)


def _edge_there(pi: Pi, runtime: str, arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``edge`` with ``runtime`` on the Pi."""
    library = f'{LIBRARY_VARIABLE}="$(echo $HOME/venv/lib/python3*/site-packages/{INSIDE})"'
    return pi.run(f"{library} {RUNTIME_VARIABLE}={runtime} venv/bin/edge {arguments}")


@pytest.mark.parametrize("quantization", ["float32", "int8"])
def test_labels_and_scores_are_those_of_the_workstation(
    ready: Pi,
    workstation: Command,
    compared: Path,
    models: dict[str, Path],
    runtime: str,
    quantization: str,
    report: Callable[[str], None],
) -> None:
    """The same label for each of 50 photos, and every score within 1/255."""
    model = models[quantization]
    label = f"label --json --top-k 5 --model {model.name} photos"
    there = _edge_there(ready, runtime, label)
    here = workstation(
        *("edge", "label", "--json", "--top-k", 5, "--model", model, compared),
        env={RUNTIME_VARIABLE: runtime, LIBRARY_VARIABLE: str(c_library() or "")},
    )
    assert (there.returncode, here.returncode) == (0, 0), there.stderr + here.stderr
    theirs, ours = _scores(there.stdout, "photos"), _scores(here.stdout, "compare")
    assert theirs.keys() == ours.keys()
    assert len(ours) == 50
    differences = [abs(theirs[photo][name] - score) for photo in ours for name, score in ours[photo].items()]
    changed = [photo for photo in ours if next(iter(ours[photo])) != next(iter(theirs[photo]))]
    over = sum(difference > LARGEST for difference in differences)
    report(
        f"{runtime:<15}{quantization:<8}{model.name}: {len(ours)} photos, "
        f"largest difference {max(differences) * 255:.4f}/255, {over} of {len(differences)} scores over 1/255, "
        f"{len(changed)} labels differ"
    )
    assert changed == []
    assert over == 0


@pytest.mark.parametrize("quantization", ["float32", "int8"])
def test_the_self_test_passes_there(ready: Pi, models: dict[str, Path], runtime: str, quantization: str) -> None:
    """``edge inspect`` runs the self-test that the workstation wrote into the file."""
    done = _edge_there(ready, runtime, f"inspect --json {models[quantization].name}")
    assert done.returncode == 0, done.stderr
    inspected = json.loads(done.stdout)
    assert inspected["runtime"] == runtime
    assert inspected["self_test"]["passed"] is True
