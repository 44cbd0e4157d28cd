"""What the tests on an emulated Raspberry Pi share. Only ``make test-pi`` runs them.

``$PI_SUITE`` is ``trixie`` or ``bookworm``, ``$PI_ARCH`` is ``arm64`` or ``armhf`` (Debian's names), and
``$PI_ARCHITECTURE`` the architecture of the compared models.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the modules of tests/pi, which nothing else imports

from emulated_pi import Pi, running  # noqa: E402
from userland import QEMU, SUITES, CannotEmulate, System, python_of, userland  # noqa: E402

from support.once import filled_once  # noqa: E402
from trainer.backbones.architectures import Architecture  # noqa: E402
from trainer.backbones.packaged_weights import GRAPH, installed  # noqa: E402
from trainer.backbones.weights import keras_cache_file  # noqa: E402
from trainer.photos.drawn_flowers import draw_flower_folder  # noqa: E402
from trainer.wheels.device_platform import DevicePlatform  # noqa: E402

REPOSITORY = HERE.parents[1]
SHARED = Path(os.environ.get("EDGE_SHARED") or REPOSITORY.parent / "shared")
TRAINED, COMPARED = 40, 10  # photos of each of the five classes: to train on, and to compare

_REAL = (SHARED / "keras_home").is_dir()  # whether the weights of all widths are there
ARCHITECTURE = os.environ.get("PI_ARCHITECTURE") or ("mobilenet_0.25_128" if _REAL else "mobilenet_1.0_128")
WEIGHTS = () if _REAL else ("--weights", "offline")
KERAS = {"KERAS_HOME": str(SHARED / "keras_home")} if _REAL else {}

Command = Callable[..., "subprocess.CompletedProcess[str]"]
SYSTEM = System(os.environ.get("PI_SUITE") or SUITES[0], os.environ.get("PI_ARCH") or "arm64")
PROCESSORS = {"arm64": "aarch64", "armhf": "armv7l"}
MEASURED = "measured on the emulated Raspberry Pi"


def pytest_configure(config: pytest.Config) -> None:
    """Build the userland before the test processes start, or end here if this machine cannot emulate."""
    if hasattr(config, "workerinput"):
        return
    for variable, value, known in (("PI_SUITE", SYSTEM.suite, SUITES), ("PI_ARCH", SYSTEM.arch, tuple(QEMU))):
        if value not in known:
            pytest.exit(f"{variable}={value}: known are {', '.join(known)}", 2)
    try:
        userland(SYSTEM)
    except CannotEmulate as error:
        pytest.exit(f"test-pi: {error}", 1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the measurements."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    lines = [line for one in reports if one.when == "call" for name, line in one.user_properties if name == MEASURED]
    if lines:
        terminalreporter.section(MEASURED)
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """A function that adds a line to the summary at the end of the run."""
    return lambda line: record_property(MEASURED, line)


@pytest.fixture(scope="session")
def system() -> System:
    """What is emulated."""
    return SYSTEM


@pytest.fixture(scope="session")
def platform() -> DevicePlatform:
    """What wheels must be made for: the processor, and the Python of the userland."""
    return DevicePlatform.of(PROCESSORS[SYSTEM.arch], python_of(userland(SYSTEM)))


@pytest.fixture(scope="module")
def only_64_bit(platform: DevicePlatform) -> None:
    """Skip for 32 bits: the tests do not reach the index of their numpy and Pillow, and LiteRT has none for them."""
    if platform.bits != 64:
        pytest.skip("the package index has no wheels of numpy and Pillow for 32 bits")


@pytest.fixture(scope="module")
def pi(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pi]:
    """A bare Raspberry Pi, as a new SD card starts it."""
    with running(system, tmp_path_factory.mktemp("pi") / "keys") as (one,):
        yield one


@pytest.fixture(scope="session")
def workstation(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Run ``python -m ARGUMENTS...`` of this checkout in a scratch folder; text in, text out."""

    def run(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        ours = {name: value for name, value in os.environ.items() if name not in ("EDGE_RUNTIME", "EDGE_MODEL")}
        environment = {**ours, **KERAS, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200", **(env or {})}
        command = [sys.executable, "-m", *map(str, arguments)]
        folder = tmp_path_factory.mktemp("elsewhere")
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)

    return run


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``train`` and ``compare``: real flowers if they are there, else drawn ones."""
    return filled_once(tmp_path_factory, "photos", _copy_photos)


def _copy_photos(folder: Path) -> None:
    source = SHARED / "flower_photos"
    if not source.is_dir():
        source = folder / "drawn"
        list(draw_flower_folder(source, TRAINED + COMPARED))
    for flower in sorted(path for path in source.iterdir() if path.is_dir()):
        for index, path in enumerate(sorted(flower.glob("*.jpg"))[: TRAINED + COMPARED]):
            to = folder / ("train" if index < TRAINED else "compare") / flower.name
            to.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to / path.name)


@pytest.fixture(scope="session")
def weights() -> tuple[str, Path]:
    """The architecture of the compared models, and the file with its weights."""
    file = installed(GRAPH)
    if _REAL:
        file = SHARED / "keras_home" / "models" / keras_cache_file(Architecture.parse(ARCHITECTURE)).name
    assert file is not None
    return ARCHITECTURE, file


@pytest.fixture(scope="session")
def backbone(workstation: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the int8 backbone of the models, and an untaught head."""
    path = tmp_path_factory.mktemp("backbone") / "backbone.tflite"
    done = workstation("trainer", "backbone", ARCHITECTURE, *WEIGHTS, "--output", path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="session")
def models(photos: Path, workstation: Command, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The models retrained here on the flowers: quantization -> model file."""

    def retrain(folder: Path) -> None:
        done = workstation(
            *("trainer", "retrain", photos / "train", "--architecture", ARCHITECTURE, *WEIGHTS, "--json"),
            *("--quantization", "float32", "--quantization", "int8", "--output", folder / "flowers.tflite"),
        )
        assert done.returncode == 0, done.stderr
        (folder / "printed.json").write_text(done.stdout)

    folder = filled_once(tmp_path_factory, "models", retrain)
    printed = json.loads((folder / "printed.json").read_text())
    return {model["quantization"]: folder / Path(model["path"]).name for model in printed["models"]}
