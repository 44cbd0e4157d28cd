"""The ``edge bench`` command as a user meets it: from models to a table and files."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.bench import run
from edge.bench.results import FIELDS, load_results
from edge.cli import main
from support import surgery
from support.bench_fake import BENCH, QUICK, RUNTIME
from support.colours import encoded, plain

PART = Path("bench.json.part")

pytestmark = pytest.mark.usefixtures("in_a_folder_with_models")


def _results(name: str = "bench.json") -> dict[str, Any]:
    return load_results(name)


def test_a_folder_of_models(capsys: pytest.CaptureFixture[str]) -> None:
    """Real workers, all files: the table on stdout, silence on stderr, JSON and CSV of the same rows."""
    assert main([*BENCH, "--output", "bench.json", "--csv", "bench.csv"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert sorted(line.split()[0] for line in out.splitlines()[1:3]) == ["tiny-float32.tflite", "tiny-int8.tflite"]
    results = _results()
    assert [row["model"] for row in results["rows"]] == ["tiny-float32.tflite", "tiny-int8.tflite"]
    assert all(row["error"] is None and row["rounds"] == len(row["round_p50_ms"]) == 2 for row in results["rows"])
    assert all(row["p50_ms"] <= row["p90_ms"] <= row["p99_ms"] for row in results["rows"])
    assert results["settings"] == {
        "rounds": 2,
        "seconds": 0.01,
        "threads": [1],
        "runtimes": [RUNTIME],
        "photo": None,
        "delegate": None,
    }
    assert results["command"].startswith("edge bench models --threads 1 --runtime ")
    with Path("bench.csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    assert [record["p50_ms"] for record in records] == [str(row["p50_ms"]) for row in results["rows"]]
    assert set(records[0]) == set(FIELDS)
    assert not PART.exists()


def test_results_name_no_folder(tmp_path: Path, fake: list[Any]) -> None:
    """Neither file names a folder, whatever paths the command line had."""
    (tmp_path / "rose.jpg").write_bytes(encoded(plain("red"), "JPEG"))
    paths = {"photo": "rose.jpg", "output": "bench.json", "csv": "bench.csv"}
    options = [word for name, path in paths.items() for word in (f"--{name}", str(tmp_path / path))]
    assert (
        main(["bench", str(tmp_path / "models"), str(tmp_path / "models" / "tiny-int8.tflite"), *QUICK, *options]) == 0
    )
    assert str(tmp_path.parent) not in Path("bench.json").read_text() + Path("bench.csv").read_text()
    results = _results()
    assert results["settings"]["photo"] == "rose.jpg"
    assert "--photo rose.jpg --output bench.json --csv bench.csv" in results["command"]
    assert len(results["rows"]) == 2  # the model named twice counts once


def test_as_json(fake: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    """With --json stdout is what the file holds, with the comparison of the quantizations."""
    assert main([*BENCH, "--json", "--output", "bench.json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results == _results()
    (compared,) = results["fastest"]
    assert (compared["runtime"], compared["threads"], compared["times_as_long"]) == (RUNTIME, 1, {})
    assert sorted(compared["fastest"]) == ["float32", "int8"]  # the fake times are equal


def test_threads_and_runtimes(fake: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are given with commas or by repeating the option, and every combination is measured in each round."""
    monkeypatch.setattr("edge.bench.plan.available_cores", lambda: 4)
    both = ["--runtime", RUNTIME, "--runtime", f"{RUNTIME},{RUNTIME}"]
    arguments = ["bench", "models/tiny-int8.tflite", "--rounds", "2", "--threads", "4,1", "--threads", "2", *both]
    assert main([*arguments, "--output", "bench.json"]) == 0
    assert [row["threads"] for row in _results()["rows"]] == [4, 1, 2]
    assert [threads for _, _, threads in fake] == [4, 1, 2, 2, 1, 4]


def test_a_model_that_no_runtime_should_see(fake: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged file in the folder has a row with its error; no worker sees it, and the rest goes on."""
    Path("models/bad.tflite").write_bytes(surgery.tiny()[:1000])
    assert main([*BENCH, "--output", "bench.json"]) == 0
    bad, *rest = _results()["rows"]
    assert bad["model"] == "bad.tflite" and bad["error"] and bad["p50_ms"] is None
    assert [row["error"] for row in rest] == [None, None]
    assert "bad.tflite" not in [name for name, _, _ in fake]
    assert f"bad.tflite ({RUNTIME}): not measured: " in capsys.readouterr().out


def test_a_model_whose_process_crashes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A crash is an error in that model's row; it is not tried again in the next round, and the rest goes on."""
    Path("tried").touch()
    code = """if True:
        import json, os, runpy, signal, sys, io
        text = sys.stdin.read()
        if "float32" in json.loads(text)["path"]:
            open(TRIED, "a").write("x")
            os.kill(os.getpid(), signal.SIGSEGV)
        sys.stdin = io.StringIO(text)
        runpy.run_module("edge.bench.worker", run_name="__main__")
    """.replace("TRIED", repr(str(Path("tried").resolve())))
    monkeypatch.setattr(run, "COMMAND", (sys.executable, "-c", code))
    assert main([*BENCH, "--output", "bench.json"]) == 0
    crashed, measured = _results()["rows"]
    assert (crashed["error"], crashed["p50_ms"], crashed["rounds"]) == ("the process crashed (SIGSEGV)", None, None)
    assert measured["error"] is None
    assert Path("tried").read_text() == "x"
    assert f"tiny-float32.tflite ({RUNTIME}): not measured: the process crashed" in capsys.readouterr().out


def test_nothing_could_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """If every row is an error, the results are still written, and the exit code is 65."""
    Path("bad.tflite").write_bytes(b"no model at all" * 10)
    assert main(["bench", "bad.tflite", *QUICK, "--output", "bench.json"]) == 65
    out, err = capsys.readouterr()
    assert out == (
        f"bad.tflite ({RUNTIME}): not measured: not a TFLite model (no TFL3 identifier); "
        "check the file's name and copy it again\n"
    )
    assert err == "edge: nothing could be measured; each row says why\n"
    assert _results()["rows"][0]["input_size"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([*BENCH, "--threads", "99999"], 2, "99999 threads: this machine has "),
        ([*BENCH, "--threads", "1,x"], 2, "'x' is not a whole number of at least 1"),
        ([*BENCH, "--rounds", "1"], 2, "1 rounds: give 2 to 1000"),
        ([*BENCH, "--seconds", "-1"], 2, "-1 seconds: give more than 0"),
        ([*BENCH, "--runtime", "tensorflow"], 2, "unknown runtime 'tensorflow'; known are litert, tflite-runtime"),
        (["bench"], 2, "which models? give files or folders, or --standard for a fixed set"),
        (["bench", "empty"], 65, "empty: no models in this folder"),
        (["bench", "gone.tflite"], 65, "gone.tflite: no such file or folder"),
        ([*BENCH, "--photo", "gone.jpg"], 65, "gone.jpg: cannot read the photo (No such file or directory)"),
        ([*BENCH, "--photo", "models/tiny-int8.tflite"], 65, "a TFLite model, not a photo"),
        ([*BENCH, "--labels", "gone.txt"], 65, "gone.txt: cannot read the label file"),
        ([*BENCH, "--output", "empty"], 74, "empty: is a folder; give the name of a file, such as empty/bench.json"),
        ([*BENCH, "--csv", "models/tiny-int8.tflite/x.csv"], 74, "x.csv: cannot be written"),
    ],
)
def test_mistakes(
    arguments: list[str], code: int, words: str, fake: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake is found before anything is measured, and is said in one line."""
    Path("empty").mkdir()
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert (out, fake) == ("", [])
    assert words in err.splitlines()[-1]
    assert code == 2 or err.count("\n") == 1


def test_help(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """--help has an example that can be run."""
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["bench", "--help"]) == 0
    assert "example: edge bench models/ --threads " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("cannot open /home/me/models/a.tflite", "cannot open a.tflite"),
        ("cannot open C:\\Users\\me and you\\models\\a.tflite", "cannot open a.tflite"),
        ("cannot open \\\\server\\share\\a.tflite", "cannot open a.tflite"),
        ("needs 3:4 or and/or", "needs 3:4 or and/or"),
    ],
)
def test_a_reason_names_no_folder(reason: str, shown: str) -> None:
    """Neither the folders of POSIX nor those of Windows."""
    assert run._short(reason) == shown
