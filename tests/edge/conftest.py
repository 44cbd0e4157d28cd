"""What the tests of the edge package share.

This folder has no ``__init__.py``: ``edge`` must mean the package, never this folder.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import edge
from edge import Classifier
from edge.store.activate import confirm
from edge.store.install import InstallRequest, install
from edge.store.isolated_check import CheckedModel
from edge.store.layout import Store
from support import surgery
from support.bench_fake import fake_workers
from support.colours import fill
from support.delegates import LIBRARY, build_delegate
from support.once import filled_once
from support.paths import DATA
from support.user_name import has_name

SHARED = Path(os.environ.get("EDGE_SHARED") or Path(__file__).parents[2].parent / "shared")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_report_header() -> str:
    """Which edge package is under test: the checkout's or the installed one."""
    return f"edge package: {edge.__file__}"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the caller's shell reaches a test, nor a store of this machine."""
    for name in ("EDGE_MODEL", "EDGE_RUNTIME", "EDGE_STATUS", "EDGE_TFLITE_LIBRARY", "PYTHONUNBUFFERED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EDGE_STORE", str(tmp_path / "store"))
    monkeypatch.setattr("edge.store.layout.SYSTEM_ROOT", tmp_path / "system")
    monkeypatch.setattr("edge.store.signature.SYSTEM_SIGNERS", tmp_path / "system_signers")
    if not has_name():  # edge service would ask for one
        entry = pwd.struct_passwd(("poet", "x", os.getuid(), os.getgid(), "", "/nowhere", "/bin/sh"))
        monkeypatch.setattr(pwd, "getpwuid", lambda number: entry)


@pytest.fixture(params=["int8", "float32"])
def any_model(request: pytest.FixtureRequest) -> Path:
    """The path of each tiny model in turn."""
    return DATA / f"tiny-{request.param}.tflite"


@pytest.fixture
def int8_model() -> Path:
    """The path of the tiny int8 model."""
    return DATA / "tiny-int8.tflite"


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The tiny int8 model, ready to name colours."""
    return Classifier.load(DATA / "tiny-int8.tflite")


@pytest.fixture
def python(tmp_path: Path) -> Run:
    """Run this Python with arguments, in an empty folder; keywords are those of :func:`subprocess.run`."""

    def run(*arguments: str | bytes, **options: object) -> subprocess.CompletedProcess[str]:
        settings: dict[str, object] = {"capture_output": True, "text": True, "cwd": tmp_path, "timeout": 60}
        return subprocess.run([sys.executable, *arguments], **{**settings, **options})  # type: ignore[call-overload,no-any-return]

    return run


@pytest.fixture
def edge_command(python: Run) -> Run:
    """Run the ``edge`` command in a process of its own."""
    return lambda *arguments, **options: python("-m", "edge", *arguments, **options)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real photos and models; the test is skipped if there is none."""
    if not SHARED.is_dir():
        pytest.skip("no folder of shared data: name one with EDGE_SHARED")
    return SHARED


@pytest.fixture(scope="session")
def delegate_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of the delegate that the tests build, once for all test processes."""
    return filled_once(tmp_path_factory, "delegate", build_delegate) / LIBRARY


@pytest.fixture
def in_a_folder_with_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test starts in a folder that holds the two tiny models in ``models``."""
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    for quantization in ("int8", "float32"):
        shutil.copy(DATA / f"tiny-{quantization}.tflite", "models")


@pytest.fixture
def in_a_folder_with_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test starts in a folder with a photo of each colour in ``photos``, and with the tiny int8 model."""
    monkeypatch.chdir(tmp_path)
    fill(Path("photos"), "blue.png", "green.png", "red.png")
    shutil.copy(DATA / "tiny-int8.tflite", "tiny.tflite")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """No process is started; what was asked for is listed."""
    return fake_workers(monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in a folder that does not exist yet."""
    return Store(tmp_path / "store")


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Path]:
    """A function that makes the file of a good model, another one for each number; keywords change its manifest."""

    def make(number: int = 0, **changes: object) -> Path:
        path = tmp_path / f"model-{number}.tflite"
        path.write_bytes(surgery.numbered(number, **changes))
        return path

    return make


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store takes every model as checked: for tests of what it does before and after."""

    def check(path: Path) -> CheckedModel:
        return CheckedModel(hashlib.sha256(path.read_bytes()).hexdigest(), {}, [], {"runtime": "none"})

    for module in ("install", "activate", "health"):
        monkeypatch.setattr(f"edge.store.{module}.check_in_child", check)


@pytest.fixture
def put(store: Store, model: Callable[..., Path]) -> Callable[..., str]:
    """A function that installs the model of a number, activates and confirms it by default."""

    def install_number(number: int, activate: bool = True, confirmed: bool = True, **changes: object) -> str:
        sha256 = install(store, InstallRequest(model(number, **changes), activate=activate)).sha256
        if activate and confirmed:
            confirm(store, sha256)
        return sha256

    return install_number
