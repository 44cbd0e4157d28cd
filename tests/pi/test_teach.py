"""A teaching session on a Raspberry Pi, over HTTP and without TensorFlow, makes the file that the workstation makes."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import shlex
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from emulated_pi import PIP, Pi
from pi_wheels import build_edge, fetch, required_there

from edge.modelfile.model_file import ModelFile
from support.paths import REPOSITORY
from support.ports import free_port
from support.teach_server import Client
from support.web_client import event
from trainer.wheels.device_platform import DevicePlatform

Command = Callable[..., "subprocess.CompletedProcess[str]"]
FLOWERS = ("daisy", "roses", "tulips")
TAUGHT = 6  # photos of each flower
LARGEST = 1 / 255

pytestmark = pytest.mark.usefixtures("only_64_bit")


class Taught(NamedTuple):
    """What a session left: its model file, its state when the model was saved, all its photos as a zip, and when.

    ``steps_s`` are the times, in seconds, at which each step began, and that at which the last one ended.
    """

    model: Path
    state: dict[str, Any]
    zipped: bytes
    steps_s: tuple[float, ...] = ()


@pytest.fixture(scope="module")
def ready(pi: Pi, platform: DevicePlatform, backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Pi:
    """The Pi with the extra ``teach`` and a backbone; its pip finds that nothing is missing."""
    wheels = tmp_path_factory.mktemp("wheels")
    fetch(wheels, platform, f"{build_edge(wheels)}[teach]", *required_there(platform))
    pi.put(wheels, "wheels")
    pi.put(backbone)
    install = f"{PIP} install --quiet --no-compile --no-index --find-links wheels 'edge-for-poets[teach]'"
    done = pi.run(f"python3 -m venv --without-pip venv && {install}")
    assert done.returncode == 0, done.stderr
    return pi


@contextlib.contextmanager
def served(command: list[str], port: int, **settings: Any) -> Iterator[Client]:
    """Run ``trainer teach`` by ``command`` for the block; a client of its API on ``port``."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **settings)
    assert process.stderr is not None
    try:
        messages = []
        for line in process.stderr:
            messages.append(line)
            if "teach at http" in line:
                break
        else:
            raise AssertionError(f"it ended before it served its page: {messages}")
        yield Client(port)
    finally:
        process.terminate()
        process.communicate()


def words(port: int, backbone: str) -> list[str]:
    """The arguments of ``trainer teach`` in both places: all that it writes is below its working folder."""
    folders = ("--store", "store", "--bottleneck-dir", "cache", "--backbone", backbone)
    return ["teach", "camera", "flowers", *folders, "--web", str(port)]


def wait(client: Client, holds: Callable[[Any], bool]) -> dict[str, Any]:
    """The first state of the session, now or later, of which ``holds`` is true."""
    with client.events() as events:
        state: dict[str, Any] = event(events, "session", holds)
        return state


def learnt(state: Any) -> bool:
    """Whether the head is that of all photos, and thorough."""
    here = sum(one["photos"] for one in state["classes"])
    return bool(
        here == TAUGHT * len(FLOWERS) and state["learning"]["state"] == "ready" and state["learning"]["thorough"]
    )


def save(client: Client, folder: Path) -> Taught:
    """Save the model and take it out of the session."""
    answer = client.ask("POST", "/api/model/save")
    assert answer.status == 202, answer.body
    state = wait(client, lambda state: state["model"]["state"] not in ("none", "saving", "installed"))
    path = folder / "taught.tflite"
    path.write_bytes(client.ask("GET", "/api/model.tflite").body)
    return Taught(path, state, client.ask("GET", "/api/photos.zip").body)


@pytest.fixture(scope="module")
def there(ready: Pi, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    """Three flowers are taught on the Pi: photos are uploaded, learnt and saved as a model."""
    assert ready.run("mkdir camera").returncode == 0
    port, steps_s = free_port(), [time.monotonic()]
    remote = f"echo $$ > teach.pid; exec venv/bin/trainer {shlex.join(words(port, 'backbone.tflite'))}"
    with served(["ssh", "-F", str(ready.config), ready.name, remote], port) as client:
        steps_s.append(time.monotonic())
        for flower in FLOWERS:
            client.add_class(flower)
            for path in sorted((photos / "train" / flower).glob("*.jpg"))[:TAUGHT]:
                assert client.add(flower, path.read_bytes(), path.name)["outcome"] == "added"
        steps_s.append(time.monotonic())
        wait(client, learnt)
        steps_s.append(time.monotonic())
        taught = save(client, tmp_path_factory.mktemp("there"))
        steps_s.append(time.monotonic())
        assert ready.run("kill $(cat teach.pid)").returncode == 0
    return taught._replace(steps_s=tuple(steps_s))


@pytest.fixture(scope="module")
def here(there: Taught, backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    """A session on the workstation starts with the photos of the Pi's session, and saves a model."""
    folder = tmp_path_factory.mktemp("here")
    (folder / "camera").mkdir()
    with zipfile.ZipFile(io.BytesIO(there.zipped)) as archive:
        archive.extractall(folder)
    port = free_port()
    command = [sys.executable, "-m", "trainer", *words(port, str(backbone))]
    environment = {"HOME": str(folder), "PYTHONPATH": str(REPOSITORY)}
    with served(command, port, cwd=folder, env=environment) as client:
        wait(client, learnt)
        return save(client, folder)


def test_tensorflow_is_not_there(ready: Pi) -> None:
    """The Pi that teaches has neither TensorFlow nor Keras."""
    found = "import importlib.util as u; print([n for n in ('tensorflow', 'keras') if u.find_spec(n)])"
    done = ready.run(f"venv/bin/python -c {shlex.quote(found)}")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_model_is_running_and_its_self_test_passes(there: Taught, ready: Pi, report: Callable[[str], None]) -> None:
    """The session knows its photos, and the model that it gives is the current one of the Pi's store."""
    assert there.state["model"]["state"] == "running", there.state["model"]
    seconds = [f"{after - before:.1f}" for before, after in itertools.pairwise(there.steps_s)]
    report("teach: {} s until the page, {} s for the uploads, {} s more to learn, {} s to save".format(*seconds))
    assert {one["name"]: one["photos"] for one in there.state["classes"]} == dict.fromkeys(FLOWERS, TAUGHT)
    current = ready.run("venv/bin/edge store --root store current --json")
    assert current.returncode == 0, current.stderr
    assert json.loads(current.stdout)["current"] == ModelFile.load(there.model).sha256


def test_labels_and_scores_are_those_of_the_workstation(
    there: Taught, here: Taught, ready: Pi, photos: Path, workstation: Command, report: Callable[[str], None]
) -> None:
    """Flowers that were not taught get the label of the workstation's file, and every score within 1/255."""
    for flower in FLOWERS:
        ready.put(photos / "compare" / flower, f"compare/{flower}")
    label = ("label", "--json", "--top-k", 3)
    done = ready.run(
        f'venv/bin/edge {shlex.join(map(str, label))} --model "$(venv/bin/edge store --root store current)" compare'
    )
    assert done.returncode == 0, done.stderr
    folders = [photos / "compare" / flower for flower in FLOWERS]
    files = {"its file there": _scores(done.stdout)}
    for name, model in (("its file here", there.model), ("ours", here.model)):
        labelled = workstation("edge", *label, "--model", model, *folders)
        assert labelled.returncode == 0, labelled.stderr
        files[name] = _scores(labelled.stdout)
    ours = files.pop("ours")
    assert len(ours) == 10 * len(FLOWERS)
    assert {next(iter(scores)) for scores in ours.values()} == set(FLOWERS)
    for name, theirs in files.items():
        assert theirs.keys() == ours.keys()
        largest = max(abs(theirs[photo][one] - score) for photo in ours for one, score in ours[photo].items())
        changed = [photo for photo in ours if next(iter(ours[photo])) != next(iter(theirs[photo]))]
        report(f"teach: {name}: largest difference {largest * 255:.4f}/255, {len(changed)} labels differ")
        assert changed == []
        assert largest <= LARGEST


def test_retraining_there(
    ready: Pi,
    photos: Path,
    weights: tuple[str, Path],
    workstation: Command,
    tmp_path: Path,
    report: Callable[[str], None],
) -> None:
    """The Pi writes the backbone from its weights and retrains on 60 photos; its file labels as ours does."""
    architecture, file = weights
    ready.put(file)
    for flower in FLOWERS:
        (tmp_path / "sixty" / flower).mkdir(parents=True)
        for path in sorted((photos / "train" / flower).glob("*.jpg"))[:20]:
            shutil.copy(path, tmp_path / "sixty" / flower)
        ready.put(photos / "compare" / flower, f"others/{flower}")
    ready.put(tmp_path / "sixty", "sixty")
    options = ("--architecture", architecture, "--output", "retrained.tflite", "--bottleneck-dir", "own", "--json")
    started_s = time.monotonic()
    done = ready.run(f"venv/bin/trainer retrain sixty {shlex.join(options)} --weights {shlex.quote(file.name)}")
    assert done.returncode == 0, done.stderr
    report(f"retrain: {time.monotonic() - started_s:.1f} s for 60 photos, {architecture}, backbone included")
    model = tmp_path / "ours.tflite"
    folders = ("--output", model, "--bottleneck-dir", tmp_path / "own")
    made = workstation("trainer", "retrain", tmp_path / "sixty", *options[:2], *folders, "--weights", file)
    assert made.returncode == 0, made.stderr
    label = ("label", "--json", "--top-k", 3)
    there = ready.run(f"venv/bin/edge {shlex.join(map(str, label))} --model retrained.tflite others")
    here = workstation("edge", *label, "--model", model, *(photos / "compare" / flower for flower in FLOWERS))
    theirs, ours = _scores(there.stdout), _scores(here.stdout)
    assert theirs.keys() == ours.keys() and len(ours) == 10 * len(FLOWERS)
    changed = [photo for photo in ours if next(iter(ours[photo])) != next(iter(theirs[photo]))]
    largest = max(abs(theirs[photo][one] - score) for photo in ours for one, score in ours[photo].items())
    report(f"retrain: largest difference {largest * 255:.1f}/255, {len(changed)} of {len(ours)} labels differ")
    assert len(changed) <= 1  # biases are corrected by means of floats, which another processor rounds otherwise


def _scores(output: str) -> dict[str, dict[str, float]]:
    """The scores that ``edge label --json`` printed: class folder and file name -> label -> score, best first."""
    records = [json.loads(line) for line in output.splitlines()]
    return {
        "/".join(Path(record["path"]).parts[-2:]): dict(zip(record["labels"], record["scores"], strict=True))
        for record in records
    }
