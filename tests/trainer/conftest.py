"""What the trainer's tests share: the command as a user runs it, tiny photos and backbones, one real training."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import tiny
from support.once import filled_once
from support.paths import PACKAGES, REPOSITORY, python_path
from trainer.backbones.architectures import QUANTIZATIONS, Architecture
from trainer.backbones.packaged_weights import GRAPH, installed
from trainer.photos.drawn_flowers import draw_flower_folder
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained

Command = Callable[..., "subprocess.CompletedProcess[str]"]

CHILDLESS = """
import sys
import scipy.optimize  # numpy.testing, which it imports, asks the system about the processor
def refuse(event, arguments):
    if "trainer.backbones.apart_process" in map(str, arguments[1] if event == "subprocess.Popen" else ()):
        return  # it tries one file, without TensorFlow
    if event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec", "os.system"):
        raise RuntimeError("a child process: " + event)
sys.addaudithook(refuse)
from trainer.__main__ import main
code = main()
loaded = {name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras"}
assert not loaded, loaded
sys.exit(code)
"""


def _environment(changes: dict[str, str] | None = None) -> dict[str, str]:
    ours = ("EDGE_RUNTIME", "EDGE_MODEL", "OPENBLAS_NUM_THREADS")
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return {**inherited, "PYTHONPATH": python_path(PACKAGES), "COLUMNS": "200", **(changes or {})}


@pytest.fixture(scope="session")
def command_line(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Run ``python ARGUMENTS...`` in a scratch folder with the repository importable; text in, text out."""
    return lambda *arguments, env=None: _run(tmp_path_factory.mktemp("elsewhere"), arguments, env)


@pytest.fixture
def run_python(tmp_path: Path) -> Command:
    """The same in the folder ``elsewhere`` of this test's own folder."""

    def run(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        return _run(tmp_path / "elsewhere", arguments, env)

    return run


def _run(folder: Path, arguments: tuple[object, ...], env: dict[str, str] | None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(os.fspath, map(_as_path, arguments))]
    return subprocess.run(command, capture_output=True, text=True, env=_environment(env), cwd=folder)


def _as_path(argument: object) -> str | Path:
    return argument if isinstance(argument, Path) else str(argument)


@pytest.fixture
def trainer(run_python: Command) -> Command:
    """Run ``trainer ARGUMENTS...`` as a user would, in a process of its own."""
    return lambda *arguments, env=None: run_python("-m", "trainer", *arguments, env=env)


@pytest.fixture
def childless_trainer(run_python: Command) -> Command:
    """Run ``trainer ARGUMENTS...`` so that TensorFlow is an error, and each child process but one that tries a file."""
    return lambda *arguments, env=None: run_python("-c", CHILDLESS, *arguments, env=env)


@pytest.fixture
def edge(run_python: Command) -> Command:
    """Run ``edge ARGUMENTS...`` as a user would, in a process of its own."""
    return lambda *arguments, env=None: run_python("-m", "edge", *arguments, env=env)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of 3 x 12 tiny photos, old enough for the cache to trust their time stamps."""
    root = tiny.paint_folder(tmp_path / "photos")
    for path in root.rglob("*.png"):
        os.utime(path, (1_500_000_000, 1_500_000_000))
    return root


@pytest.fixture(scope="session")
def large_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 x 40 photos, large enough that a process can be stopped among them."""
    root = tmp_path_factory.mktemp("large") / "photos"
    for label in tiny.COLOURS:
        (root / label).mkdir(parents=True)
        for index in range(40):
            tiny.paint(label, index, (400, 300)).save(root / label / f"{index}.png", compress_level=1)
            os.utime(root / label / f"{index}.png", (1_500_000_000, 1_500_000_000))
    return root


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder with the tiny backbone in it, int8 and float32."""
    for quantization in ("int8", "float32"):
        tiny.write_backbone(tmp_path / "cache", quantization)
    return tmp_path / "cache"


@pytest.fixture
def options(photos: Path, cache: Path, tmp_path: Path) -> RetrainOptions:
    """Retrain on the tiny photos with the tiny backbone: half a second, no TensorFlow."""
    return RetrainOptions(
        folder=photos,
        output=tmp_path / "tiny.tflite",
        bottleneck_dir=cache,
        architecture=tiny.ARCHITECTURE,
        weights="random",
        ratios=SplitRatios(20, 20),
        unknown=None,
    )


@pytest.fixture
def tiny_arguments(photos: Path, cache: Path) -> list[object]:
    """The arguments of ``trainer retrain`` and ``trainer bottlenecks`` that lead to the tiny backbone."""
    return [photos, "--architecture", tiny.ARCHITECTURE.name, "--weights", "random", "--bottleneck-dir", cache]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos and weights beside the repository, or in ``$EDGE_SHARED``."""
    folder = Path(os.environ.get("EDGE_SHARED") or REPOSITORY.parent / "shared")
    if not (folder / "flower_photos").is_dir() or not (folder / "keras_home").is_dir():
        pytest.skip("no folder of real photos and weights: set EDGE_SHARED")
    return folder


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A function: the folder ``name``, filled by ``fill(folder)`` in whichever test process asks for it first.

    The group mark would do it too, but pytest-xdist 3.8 ignores the mark beside pytest 9.2.
    """
    return lambda name, fill: filled_once(tmp_path_factory, name, fill)


@pytest.fixture(scope="session")
def drawn_photos(once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """Sixty drawn flowers of five kinds."""
    return (
        once("drawn-photos", lambda folder: list(draw_flower_folder(folder / "flowers", per_kind=12, size=160)))
        / "flowers"
    )


@pytest.fixture(scope="session")
def offline() -> None:
    """Skip if the ``offline`` extra is not installed."""
    if installed(GRAPH) is None:
        pytest.skip("the offline extra is not installed")


@pytest.fixture(scope="session")
def drawn_options(
    offline: None,
    drawn_photos: Path,
    once: Callable[[str, Callable[[Path], object]], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> RetrainOptions:
    """Retrain on the drawn flowers with real weights, every quantization; TensorFlow has run already."""
    options = RetrainOptions(
        folder=drawn_photos,
        output=tmp_path_factory.mktemp("trained") / "drawn.tflite",
        bottleneck_dir=Path(),
        architecture=Architecture(1.0, 128),
        quantizations=QUANTIZATIONS,
        unknown=None,
        weights="offline",
        ratios=SplitRatios(20, 20),
    )
    cache = once("cache", lambda folder: retrain_all(dataclasses.replace(options, bottleneck_dir=folder), Progress()))
    return dataclasses.replace(options, bottleneck_dir=cache)


@pytest.fixture(scope="session")
def trained(drawn_options: RetrainOptions) -> dict[str, Retrained]:
    """The drawn flowers retrained with real weights: one model for each quantization."""
    return {model.backbone.quantization: model for model in retrain_all(drawn_options, Progress())}
