"""The commands of edge that a workstation runs, without what Windows and macOS lack."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import features

from support.colours import encoded, plain
from support.other_systems import MACOS, WINDOWS, seen
from support.paths import DATA

BENCH = ["--threads", "1", "--rounds", "2", "--seconds", "0.01"]


Several = Callable[[list[list[str]]], "tuple[list[int], list[str]]"]


@pytest.fixture
def several(python, on_windows: dict[str, Any]) -> Several:
    """Runs several commands one after the other in one process: their exit codes, and the lines on stderr."""

    def run(commands: list[list[str]]) -> tuple[list[int], list[str]]:
        program = "from edge.cli import main; codes = [main(words) for words in {}]; print(codes)"
        done = python("-c", program.format(commands), **on_windows)
        return json.loads(done.stdout.splitlines()[-1]), done.stderr.splitlines()

    return run


@pytest.fixture(params=[WINDOWS, MACOS])
def there(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Runs a command as on each system in turn; no store is named."""
    return {"env": {name: value for name, value in os.environ.items() if name != "EDGE_STORE"} | seen(request.param)}


@pytest.fixture
def on_windows() -> dict[str, Any]:
    """Runs a command as on Windows."""
    return {"env": {**os.environ, **seen(WINDOWS), "PYTHONIOENCODING": "cp1252"}, "encoding": "utf-8"}


def test_label_and_inspect(edge_command, there: dict[str, Any], tmp_path: Path) -> None:
    """Neither system has a store to look into; the line that LiteRT writes to stderr is removed there too."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "rot.png").write_bytes(encoded(plain("red"), "PNG"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.tflite").write_bytes((DATA / "tiny-int8.tflite").read_bytes())
    done = edge_command("label", "photos", "--top-k", "1", **there)
    assert (done.returncode, done.stderr) == (0, "edge: 1 labelled, 0 skipped\n")
    assert "red (score=" in done.stdout
    assert json.loads(edge_command("label", "photos", "--json", **there).stdout)["labels"][0] == "red"
    done = edge_command("inspect", "models/tiny.tflite", "--json", **there)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["self_test"]["passed"] is True


@pytest.mark.skipif(not features.check("avif"), reason="Pillow is built without AVIF here")
def test_a_picture_that_takes_large_blocks(edge_command, on_windows: dict[str, Any], tmp_path: Path) -> None:
    """How glibc returns the memory of HEIC and AVIF is set where there is glibc; they are read elsewhere too."""
    (tmp_path / "red.avif").write_bytes(encoded(plain("red"), "AVIF"))
    done = edge_command("label", "--model", str(DATA / "tiny-int8.tflite"), "red.avif", "--json", **on_windows)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["labels"][0] == "red"


def test_bench_replaces_its_files(edge_command, on_windows: dict[str, Any], tmp_path: Path) -> None:
    """What cannot be measured there is null; results that are there already are replaced."""
    (tmp_path / "bench.json").write_text("old")
    files = ["--output", "bench.json", "--csv", "bench.csv"]
    done = edge_command("bench", str(DATA / "tiny-int8.tflite"), *BENCH, *files, **on_windows)
    assert (done.returncode, done.stderr) == (0, "")
    results = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    assert all(row["error"] is None and row["p50_ms"] > 0 for row in results["rows"])
    assert results["board"]["cores"] == os.cpu_count()
    assert (results["board"]["memory_bytes"], results["state_before"]["load"]) == (None, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bench.csv", "bench.json"]


def test_output_is_utf_8(edge_command, on_windows: dict[str, Any], tmp_path: Path) -> None:
    """A pipe on Windows has the code page of the system, which lacks most letters."""
    for name in ("чай.png", "é.png"):
        (tmp_path / name).write_bytes(encoded(plain("red"), "PNG"))
    done = edge_command("label", "--model", str(DATA / "tiny-int8.tflite"), "чай.png", "é.png", **on_windows)
    assert done.returncode == 0, done.stderr
    assert "чай.png" in done.stdout and "é.png" in done.stdout


def test_a_name_that_windows_does_not_keep_is_refused(several: Several) -> None:
    """Otherwise Windows writes into a device, or into a hidden part of another file, and nobody is told."""
    names = {
        "aux.json": "'aux.json' is the name of a device",
        "my:results.json": "'my:results.json' is a name with ':'",
        "results./b.json": "'results.' is a name that ends with a dot or a blank",
    }
    model = str(DATA / "tiny-int8.tflite")
    codes, lines = several([["bench", model, *BENCH, "--output", name] for name in names])
    assert codes == [74] * 3
    assert lines == [
        f"edge: {name}: cannot be written on Windows: {reason}; choose another name" for name, reason in names.items()
    ]


def test_what_a_device_runs_is_refused_in_one_line(several: Several) -> None:
    """With exit code 78, before anything is imported that is not there; the help of all commands stays."""
    commands = ["watch 0", "serve 8080", "store list", "service 0", "doctor", "--help"]
    codes, lines = several([command.split() for command in commands])
    assert codes == [78] * 5 + [0]
    for command, line in zip(commands[:-1], lines, strict=True):
        assert line.startswith(f"edge: edge {command.split()[0]} is for Linux") and ", and this is Windows; " in line


def test_what_macos_lacks_of_watch(edge_command, tmp_path: Path) -> None:
    """A command on a label is refused there before the stream starts."""
    macos = {"env": {**os.environ, **seen(MACOS)}}
    words = ["watch", ".", "--model", str(DATA / "tiny-int8.tflite"), "--on-label", "red=true"]
    done = edge_command(*words, **macos)
    assert done.returncode == 78
    assert done.stderr.startswith("edge: a command on a label is for Linux, and this is macOS; use --webhook")


def test_a_camera_by_its_number_is_of_linux(edge_command, tmp_path: Path) -> None:
    """On macOS the other sources stay, and the line names them."""
    macos = {"env": {**os.environ, **seen(MACOS), "EDGE_STATUS": str(tmp_path / "status")}}
    done = edge_command("watch", "0", "--model", str(DATA / "tiny-int8.tflite"), "--retries", "0", **macos)
    assert done.returncode == 78
    assert "a camera by its number is for Linux, and this is macOS; give its address, a video file" in done.stderr
