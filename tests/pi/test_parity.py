"""The proof that a Raspberry Pi computes what the workstation computed, on photos, with the same interpreter."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from room import Pi

from edge.inference.interpreter import RUNTIMES
from edge.modelfile.model_file import ModelFile
from edge.preprocess import preprocess
from support.paths import REPOSITORY

Command = Callable[..., "subprocess.CompletedProcess[str]"]
LARGEST = 1 / 255
GLIBC = 36  # of Debian bookworm: 2.36


def _wheels(folder: Path, arch: str) -> Path:
    """The wheels of edge and of all its interpreters for the Pi, fetched here: the Pi itself reaches no index."""
    machine = {"arm64": "aarch64", "armhf": "armv7l"}[arch]
    names = ["numpy", "pillow", "tflite-runtime", "ai-edge-litert"] if arch == "arm64" else ["tflite-runtime"]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(17, GLIBC + 1)] + [f"manylinux2014_{machine}"]
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    download = [*pip, "download", "-c", REPOSITORY / "constraints.txt", "--only-binary=:all:", "--dest", folder]
    download += [word for tag in tags for word in ("--platform", tag)]
    alone = ["--no-deps"] if arch == "armhf" else []  # numpy and Pillow are Debian's there
    subprocess.run([*download, "--python-version", "3.11", *alone, *names], check=True)
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, REPOSITORY], check=True)
    return folder


@pytest.fixture(scope="module")
def judged(arch: str, photos: Path, models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of photos to compare; for 32 bits as lossless pictures of the model's input size.

    Debian's Pillow 9.4 there and Pillow 13 here do not resize tall pictures to the same pixels.
    """
    if arch != "armhf":
        return photos / "judge"
    folder = tmp_path_factory.mktemp("small") / "judge"
    folder.mkdir()
    size = ModelFile.load(models["int8"]).input_size
    for path in (photos / "judge").rglob("*.jpg"):
        Image.fromarray(preprocess(path, size)).save(folder / f"{path.stem}.png")
    return folder


@pytest.fixture(scope="module")
def ready(pi: Pi, arch: str, judged: Path, models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Pi:
    """The Pi with edge, its interpreters, the photos and the models."""
    pi.put(_wheels(tmp_path_factory.mktemp("wheels"), arch), "wheels")
    pi.put(judged, "photos")
    for path in models.values():
        pi.put(path)
    system = "--system-site-packages" if arch == "armhf" else ""
    install = "venv/bin/pip install --quiet --no-deps --no-compile --no-index wheels/*.whl"
    done = pi.run(f"python3 -m venv {system} venv && {install}")
    assert done.returncode == 0, done.stderr
    return pi


def _scores(output: str, root: str) -> dict[str, dict[str, float]]:
    """Photo below ``root`` -> label -> score, best first, from ``edge label --json``."""
    records = [json.loads(line) for line in output.splitlines()]
    return {
        record["path"].partition(f"{root}/")[2]: dict(zip(record["labels"], record["scores"], strict=True))
        for record in records
    }


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest, arch: str) -> str:
    """Each interpreter in turn."""
    if arch == "armhf" and request.param == "litert":
        pytest.skip("LiteRT has no wheels for 32 bits")
    if importlib.util.find_spec(RUNTIMES[request.param].split(".")[0]) is None:
        pytest.skip(f"{request.param} is not installed on this workstation")
    return str(request.param)


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_labels_and_scores_are_the_workstations(
    ready: Pi,
    workstation: Command,
    judged: Path,
    models: dict[str, Path],
    runtime: str,
    kind: str,
    report: Callable[[str], None],
) -> None:
    """The same label for each of 50 photos, and every score within 1/255."""
    model = models[kind]
    label = f"label --json --top-k 5 --model {model.name} photos"
    there = ready.run(f"EDGE_RUNTIME={runtime} venv/bin/edge {label}")
    here = workstation(
        *("edge", "label", "--json", "--top-k", 5, "--model", model, judged), env={"EDGE_RUNTIME": runtime}
    )
    assert (there.returncode, here.returncode) == (0, 0), there.stderr + here.stderr
    theirs, ours = _scores(there.stdout, "photos"), _scores(here.stdout, "judge")
    assert theirs.keys() == ours.keys()
    assert len(ours) == 50
    differences = [abs(theirs[photo][name] - score) for photo in ours for name, score in ours[photo].items()]
    turned = [photo for photo in ours if next(iter(ours[photo])) != next(iter(theirs[photo]))]
    over = sum(difference > LARGEST for difference in differences)
    report(
        f"{runtime:<15}{kind:<8}{model.name}: {len(ours)} photos, largest difference {max(differences) * 255:.4f}/255, "
        f"{over} of {len(differences)} scores over 1/255, {len(turned)} labels differ"
    )
    assert turned == []
    assert over == 0


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_the_self_test_passes_there(ready: Pi, models: dict[str, Path], runtime: str, kind: str) -> None:
    """``edge inspect`` runs the self-test that the workstation wrote into the file."""
    done = ready.run(f"EDGE_RUNTIME={runtime} venv/bin/edge inspect --json {models[kind].name}")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["runtime"] == runtime
    assert facts["self_test"]["passed"] is True
