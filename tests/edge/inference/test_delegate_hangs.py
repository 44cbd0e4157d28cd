"""A delegate that hangs, in its trial or in the command's own process: a limit of time, and signals that end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.errors import UnavailableError
from edge.inference import delegate_guard, delegate_trial
from edge.inference.delegate_guard import limited
from edge.inference.delegate_trial import try_delegate
from support import surgery
from support.colours import encoded, plain
from support.delegates import choice, words
from support.paths import DATA, PACKAGES, python_path
from support.ports import free_port
from support.waiting import TIMEOUT_S, wait_for

MODEL = DATA / "tiny-int8.tflite"
LOAD = "import edge.inference.delegate_guard as g; g.LIMIT_S = 0.2; from edge import Classifier, DelegateChoice as C; "

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals, and a child that ends with its parent")


def test_in_the_trial(delegate_library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the limit the child is ended, and the line says what to do; a service is started again after this code."""
    monkeypatch.setattr(delegate_trial, "TIME_LIMIT_S", 0.2)
    with pytest.raises(UnavailableError, match=r"gave no answer within 0\.2 s and was stopped\): connect its device"):
        try_delegate(choice(delegate_library, hang="inference"), surgery.tiny("int8"))


@pytest.mark.parametrize("place", ["create", "model", "inference"])
def test_after_the_trial(delegate_library: Path, place: str, tmp_path: Path) -> None:
    """The process is ended wherever it hangs, also where the delegate's code holds Python's own lock."""
    delegate = choice(delegate_library, hang=place, first=tmp_path / "first")
    code = f"{LOAD} import numpy; c = Classifier.load({str(MODEL)!r}, delegate=C{tuple(delegate)!r}); "
    code += "c.classify(numpy.zeros((32, 32, 3), numpy.uint8))"
    done = _run([sys.executable, "-c", code])
    assert done.returncode == -signal.SIGKILL
    assert done.stderr == (
        f"edge: {delegate_library} hangs: it has passed its trial, but gives no answer here within 0.2 s; connect its "
        "device again, and start again\n"
    )


def test_one_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that guards it has ended when it is loaded; if none can be started, there is no limit."""
    made: list[subprocess.Popen[bytes]] = []

    class Started(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(delegate_guard.subprocess, "Popen", Started)
    with limited("libx.so"):
        assert [process.poll() for process in made] == [None]
    assert made[0].returncode is not None
    monkeypatch.setattr(delegate_guard.sys, "executable", "/nothing")
    with limited("libx.so"):
        assert len(made) == 1


@contextmanager
def _hanging(command: list[str], library: Path, folder: Path, *, trial: bool) -> Iterator[tuple[Any, int]]:
    """The process of a command whose delegate hangs with Python's lock, and the number of the process that hangs."""
    hangs = folder / "hangs"
    options = {"hang": "model", "hangs": hangs} | ({} if trial else {"first": folder / "first"})
    command = [sys.executable, "-m", "edge", *command, *words(library, **options)]
    with subprocess.Popen(command, env=_environment(), stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(wait_for(lambda: hangs.exists() and hangs.read_text()))
        finally:
            process.kill()


def _commands(folder: Path) -> dict[str, list[str]]:
    """The command lines, with a photo in ``folder``."""
    model, photo = ["--model", str(MODEL)], str(folder / "red.png")
    return {
        "label": ["label", photo, *model],
        "label several": ["label", photo, photo, *model],
        "inspect": ["inspect", str(MODEL)],
        "serve": ["serve", str(free_port()), *model],
        "watch": ["watch", f"folder:{folder}", *model],
    }


@pytest.mark.parametrize(
    ("name", "number"), [*((name, signal.SIGINT) for name in _commands(Path())), ("watch", signal.SIGTERM)]
)
def test_a_signal_ends_the_command(delegate_library: Path, tmp_path: Path, name: str, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it at once, though no handler of Python's can be called."""
    if name == "serve":
        pytest.importorskip("uvicorn")
    (tmp_path / "red.png").write_bytes(encoded(plain("red"), "PNG"))
    with _hanging(_commands(tmp_path)[name], delegate_library, tmp_path, trial=False) as (process, hanging):
        assert hanging == process.pid
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == -number


def test_the_trial_ends_with_the_command(delegate_library: Path, tmp_path: Path) -> None:
    """A signal in the trial ends the command and its child, which would hold the device else."""
    pytest.importorskip("uvicorn")
    with _hanging(_commands(tmp_path)["serve"], delegate_library, tmp_path, trial=True) as (process, hanging):
        assert hanging != process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == -signal.SIGTERM
        wait_for(lambda: not _runs(hanging))


def _runs(number: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": python_path(PACKAGES)}


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
