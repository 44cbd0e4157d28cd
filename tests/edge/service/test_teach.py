"""The unit of ``trainer teach``: what it runs, and where it may write."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from edge import cli
from support.printed_unit import printed_unit


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a cache and a store of its own."""
    for name in ("SUDO_USER", "EDGE_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EDGE_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def unit(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[str]]:
    """The settings of the printed unit, each with all its values."""
    return printed_unit(capsys, "--teach", "--user", "pi", *arguments)


def words(made: dict[str, list[str]]) -> list[str]:
    """The arguments of ``trainer`` in the unit."""
    command = shlex.split(made["ExecStart"][0])
    assert command[:3] == [sys.executable, "-m", "trainer"]
    return command[3:]


def test_defaults_are_written_out(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    """The unit names the folder, the cache and the store that it finds here, and may write there and nowhere else."""
    made = unit(capsys, "0")
    folder, cache, store = here / "photos", here / "cache" / "edge-for-poets", here / "store"
    assert words(made) == ["teach", "0", str(folder), "--bottleneck-dir", str(cache), "--store", str(store)]
    assert made["ReadWritePaths"] == [f"-{folder}", f"-{cache}", f"-{store}"]
    assert made["RuntimeDirectory"] == ["edge-teach"]
    assert made["DeviceAllow"] == ["char-video4linux rw"]
    assert made["RestrictAddressFamilies"] == ["AF_UNIX AF_INET AF_INET6"]
    assert made["User"] == ["pi"]


def test_all_folders_that_are_given(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    """Every path is absolute, also after an equals sign; folders that the session only reads are not writable."""
    made = unit(
        *(capsys, "0", "my photos", "--inbox=inbox", "--backbone", "b.tflite", "--weights=w.h5", "--store", "s"),
        *("--bottleneck-dir", "c", "--status", "run/watch.json", "--smooth", "2"),
    )
    assert words(made) == [
        *("teach", "0", f"{here}/my photos", f"--inbox={here}/inbox", "--backbone", f"{here}/b.tflite"),
        *(f"--weights={here}/w.h5", "--store", f"{here}/s", "--bottleneck-dir", f"{here}/c"),
        *("--status", f"{here}/run/watch.json", "--smooth", "2"),
    ]
    writable = [Path(value.removeprefix("-").strip('"-')) for value in made["ReadWritePaths"]]
    assert writable == [here / name for name in ("run", "my photos", "inbox", "c", "s")]


def test_the_inbox_of_capture_is_writable_once(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    """The folder of captured frames is written by the same service."""
    made = unit(capsys, "0", "photos", "--capture", "kept", "--inbox", "kept", "--weights", "offline")
    assert made["ReadWritePaths"][:2] == [f"-{here}/kept", f"-{here}/photos"]
    assert words(made)[7:9] == ["--weights", "offline"]


@pytest.mark.parametrize("folder", ["flowers/", "./flowers", "flowers//"])
def test_a_folder_with_more_slashes(capsys: pytest.CaptureFixture[str], here: Path, folder: str) -> None:
    """The folder is found among the words however it is written, as a shell completes it."""
    assert words(unit(capsys, "0", folder, "--smooth", "2"))[:3] == ["teach", "0", str(here / "flowers")]


def test_only_weights_may_be_a_word(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    """A folder or file that has the name of the weights of the extra is a path like any other."""
    made = words(unit(capsys, "0", "photos", "--inbox", "offline", "--backbone=offline", "--weights=offline"))
    assert made[3:7] == ["--inbox", f"{here}/offline", f"--backbone={here}/offline", "--weights=offline"]


@pytest.mark.parametrize("source", [[], ["-", "flowers"], ["rtsp://user:hush@camera/1", "flowers"]])
def test_a_source_with_a_secret(
    capsys: pytest.CaptureFixture[str], here: Path, monkeypatch: pytest.MonkeyPatch, source: list[str]
) -> None:
    """A source of the environment, or with a password, is not in the unit; the folder stands behind a dash."""
    monkeypatch.setenv("EDGE_SOURCE", "rtsp://user:hush@camera/1")
    made = unit(capsys, *source)
    assert words(made)[:3] == ["teach", "-", str(here / (source[1] if source else "photos"))]
    assert "hush" not in str(made)


def test_it_waits_for_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    """The page works without a camera, so a missing one must not end the service."""
    made = unit(capsys, "0")
    assert made["TimeoutStartSec"] == ["infinity"]
    assert "WatchdogSec" not in made
    assert made["Type"] == ["notify"]


def test_missing_folders_are_named(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    """The service cannot make folders outside those that it may write into, so they must be there before."""
    (here / "photos").mkdir()
    assert cli.main(["service", "--teach", "--user", "pi", "0"]) == 0
    error = capsys.readouterr().err
    assert f"mkdir -p {here}/cache/edge-for-poets {here}/store\n" in error


def test_words_are_those_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """``trainer teach`` understands what the unit gives it, to the last option."""
    testing = pytest.importorskip("typer.testing", reason="the trainer is not installed")
    app = pytest.importorskip("trainer.cli", reason="the trainer is not installed").app
    made = words(unit(capsys, "0", "--web", "0.0.0.0:8080", "--json", "--region", "0,0,9,9", "--count", "3"))
    done = testing.CliRunner().invoke(
        app, [*made, "--backbone", "/nowhere/b.tflite", "--architecture", "mobilenet_0.25_128"]
    )
    assert "leave those options out" in str(done.exception)


def test_a_wrong_option(capsys: pytest.CaptureFixture[str]) -> None:
    """An option of edge watch that a session does not have is refused."""
    assert cli.main(["service", "--teach", "0", "--reject"]) == 2
    assert "unrecognized arguments: --reject" in capsys.readouterr().err
