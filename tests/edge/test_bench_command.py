"""The ``edge bench`` command as a user meets it: from models to a table and files, killed and gone on with."""

from __future__ import annotations

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import surgery
from colours import encoded, plain

from edge.bench import command, process
from edge.bench.journal import Journal
from edge.bench.models import ModelFacts
from edge.bench.plan import Point, Task
from edge.bench.progress import Progress, duration
from edge.bench.results import FIELDS, load_results
from edge.cli import main
from edge.errors import DataError, StorageError, UsageError
from edge.interpreter import installed_runtimes

RUNTIME = installed_runtimes()[0]
QUICK = ["--seconds", "0.01", "--rounds", "2", "--threads", "1", "--runtime", RUNTIME]
BENCH = ["bench", "models", *QUICK]
PART = Path("bench.json.part")


@pytest.fixture(autouse=True)
def _in_a_folder_with_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts in a folder that holds the two tiny models in ``models``."""
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    for quantization in ("int8", "float32"):
        shutil.copy(surgery.DATA / f"tiny-{quantization}.tflite", "models")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """No process is started: every worker answers at once. What was asked for is listed."""
    asked: list[tuple[str, str, int]] = []

    def run_worker(request: Any) -> dict[str, Any]:
        asked.append((Path(request.path).name, request.runtime, request.threads))
        figures = {"load_ms": 1.0, "first_ms": 2.0, "end_to_end_ns": [3_000_000], "peak_memory_bytes": 4}
        return {"samples_ns": [1_000_000], **figures}

    monkeypatch.setattr(command, "run_worker", run_worker)
    return asked


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
    }
    assert results["command"].startswith("edge bench models --threads 1 --runtime ")
    with Path("bench.csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    assert [record["p50_ms"] for record in records] == [str(row["p50_ms"]) for row in results["rows"]]
    assert set(records[0]) == set(FIELDS)
    assert not PART.exists()


def test_results_name_no_folder(tmp_path: Path, fake: list[Any]) -> None:
    """Neither file says where anything lies, whatever paths the command line had."""
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
    """With --json stdout is what the file holds."""
    assert main([*BENCH, "--json", "--output", "bench.json"]) == 0
    assert json.loads(capsys.readouterr().out) == _results()


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
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", code))
    assert main([*BENCH, "--output", "bench.json"]) == 0
    crashed, measured = _results()["rows"]
    assert (crashed["error"], crashed["p50_ms"], crashed["rounds"]) == ("the process crashed (SIGSEGV)", None, None)
    assert measured["error"] is None
    assert Path("tried").read_text() == "x"
    assert f"tiny-float32.tflite ({RUNTIME}): not measured: the process crashed" in capsys.readouterr().out


def test_nothing_could_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """Where every row is an error the results are still written, and the exit code is 65."""
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
        (["bench"], 2, "the following arguments are required: MODEL_OR_FOLDER"),
        (["bench", "empty"], 65, "empty: no models in this folder"),
        (["bench", "gone.tflite"], 65, "gone.tflite: no such file or folder"),
        ([*BENCH, "--photo", "gone.jpg"], 65, "gone.jpg: cannot read the photo (No such file or directory)"),
        ([*BENCH, "--photo", "models/tiny-int8.tflite"], 65, "not an image of a known format"),
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


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """--help has an example that can be run."""
    assert main(["bench", "--help"]) == 0
    assert "example: edge bench models/ --threads " in capsys.readouterr().out


def _popen() -> subprocess.Popen[bytes]:
    """A benchmark in a process of its own that would take long: a hundred rounds."""
    arguments = [*BENCH, "--rounds", "100", "--output", "bench.json"]
    return subprocess.Popen(
        [sys.executable, "-m", "edge", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore Ctrl-C
    )


def _wait_for_lines(count: int, running: subprocess.Popen[bytes]) -> None:
    """Watch the journal until it has ``count`` lines."""
    while not PART.exists() or PART.read_bytes().count(b"\n") < count:
        assert running.poll() is None, "the benchmark ended by itself"
        time.sleep(0.01)


def test_a_killed_run_goes_on(fake: list[Any]) -> None:
    """After SIGKILL the same command measures only what is missing, and the journal is gone at the end."""
    with _popen() as running:
        _wait_for_lines(4, running)
        running.kill()
    done = PART.read_bytes().count(b"\n") - 1
    assert done >= 3 and not Path("bench.json").exists()
    start = json.loads(PART.read_bytes().splitlines()[0])["start"]
    assert main([*BENCH, "--rounds", "100", "--output", "bench.json"]) == 0
    assert len(fake) == 200 - done
    results = _results()
    assert [row["rounds"] for row in results["rows"]] == [100, 100]
    assert results["state_before"] == start["state"]
    assert not PART.exists()


def test_ctrl_c(fake: list[Any]) -> None:
    """Ctrl-C is one line and exit code 130, and what was measured is kept."""
    with _popen() as running:
        _wait_for_lines(2, running)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, b"")
    assert err == b"edge: interrupted; run the same command again to go on\n"
    done = PART.read_bytes().count(b"\n") - 1
    assert main([*BENCH, "--rounds", "100", "--output", "bench.json"]) == 0
    assert len(fake) == 200 - done


def _interrupt_after(count: int, fake: list[Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the worker after the first ``count`` end the run; returns what undoes that."""
    answer = command.run_worker

    def run_worker(request: Any) -> dict[str, Any]:
        if len(fake) == count:
            raise KeyboardInterrupt
        return answer(request)

    monkeypatch.setattr(command, "run_worker", run_worker)
    return lambda: monkeypatch.setattr(command, "run_worker", answer)


def test_another_run_leaves_an_unfinished_one_alone(
    fake: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other settings, another photo or another board with the same output are refused; nothing is lost."""
    Path("rose.jpg").write_bytes(encoded(plain("red"), "JPEG"))
    undo = _interrupt_after(1, fake, monkeypatch)
    assert main([*BENCH, "--output", "bench.json"]) == 130
    undo()
    kept = PART.read_bytes()
    for changed, name in ((["--rounds", "3"], "rounds"), (["--photo", "rose.jpg"], "photo, photo_sha256")):
        capsys.readouterr()
        assert main([*BENCH, *changed, "--output", "bench.json"]) == 2
        assert f"bench.json.part: keeps an unfinished run of other settings ({name}); " in capsys.readouterr().err
    monkeypatch.setattr(command, "describe_board", lambda: {"board": "another", "versions": {}})
    assert main([*BENCH, "--output", "bench.json"]) == 2
    assert PART.read_bytes() == kept and len(fake) == 1


def test_a_model_that_was_replaced_is_measured_anew(fake: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Going on goes by the content of the models: what has changed since is measured again."""
    undo = _interrupt_after(3, fake, monkeypatch)
    assert main([*BENCH, "--output", "bench.json"]) == 130
    undo()
    shutil.copy("models/tiny-int8.tflite", "models/tiny-float32.tflite")
    assert main([*BENCH, "--output", "bench.json"]) == 0
    assert [name for name, _, _ in fake[3:]] == ["tiny-float32.tflite", "tiny-float32.tflite"]


TASK = Task(Point(ModelFacts(Path("m"), "m", "00", 1), "litert", 1), 0)


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_line_that_a_kill_cut_short(cut: int) -> None:
    """The last line of a journal may be a part of one: it is measured again, the others are kept."""
    with Journal(PART, {"rounds": 2}, {"date": "today"}) as journal:
        journal.add(TASK, {"load_ms": 1.0})
        journal.add(TASK._replace(round=1), {"load_ms": 2.0})
    PART.write_bytes(PART.read_bytes()[:-cut])
    with Journal(PART, {"rounds": 2}, {"date": "tomorrow"}) as journal:
        assert journal.start == {"date": "today"}
        assert journal.answer(TASK) == {"load_ms": 1.0}
        assert journal.answer(TASK._replace(round=1)) is None
        journal.add(TASK._replace(round=1), {"load_ms": 3.0})
    with Journal(PART, {"rounds": 2}, {}) as journal:
        assert journal.answer(TASK._replace(round=1)) == {"load_ms": 3.0}
        journal.remove()
    assert not PART.exists()


def test_a_journal_killed_at_its_birth() -> None:
    """An empty journal, or one without a whole first line, begins anew."""
    for content in (b"", b'{"identity": {"rou'):
        PART.write_bytes(content)
        with Journal(PART, {"rounds": 2}, {"date": "today"}) as journal:
            assert journal.answer(TASK) is None
        assert json.loads(PART.read_bytes()) == {"identity": {"rounds": 2}, "start": {"date": "today"}}


@pytest.mark.parametrize("content", ["my notes\n", "[]\n", "{}\n", '{"identity": {"a": 1}, "start": {}}\n[]\n'])
def test_a_file_that_is_no_journal(content: str) -> None:
    """A file of that name that holds something else is left as it is, and named."""
    PART.write_text(content)
    with pytest.raises(DataError, match=r"bench\.json\.part: damaged, or not of an unfinished benchmark"):
        Journal(PART, {"a": 1}, {})
    assert PART.read_text() == content


def test_another_identity_says_what_differs() -> None:
    """The error names the settings that are not the same."""
    with Journal(PART, {"rounds": 2, "seconds": 1.0, "photo": None}, {}):
        pass
    with pytest.raises(UsageError, match=r"other settings \(rounds, photo\)"):
        Journal(PART, {"rounds": 3, "seconds": 1.0, "photo": "a.jpg"}, {})


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a measurement cannot be kept the run ends with the file's name and the reason."""
    with Journal(PART, {}, {}) as journal:

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(StorageError, match=r"bench\.json\.part: cannot be written \(No space left on device\)"):
            journal.add(TASK, {})


class _Stream:
    def __init__(self, terminal: bool) -> None:
        self.text = ""
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def _show_progress(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    clock = iter([0.0, 10.0, 30.0])
    monkeypatch.setattr("edge.bench.progress.time.monotonic", lambda: next(clock))
    monkeypatch.setenv("COLUMNS", "40")
    stream = _Stream(terminal)
    with Progress(stream, 8) as progress:  # type: ignore[arg-type]
        for name in ("first", "second", "a-third-model-with-a-long-name.tflite"):
            progress.show(name)
            progress.advance()
            progress.advance(measured=False)
    return re.split(re.escape("\r\033[K"), stream.text)[1:]


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, written over: percent, count, the time left, what is measured; cut to the width, cleared at the end."""
    assert _show_progress(True, monkeypatch) == [
        "  0 %  0 of 8: first",
        " 25 %  2 of 8, 1 min 00 s left: second",
        " 50 %  4 of 8, 1 min 00 s left: a-third",
        "",
    ]


def test_progress_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe or a file gets nothing."""
    assert _show_progress(False, monkeypatch) == []


def test_durations() -> None:
    """Seconds, minutes and hours as people say them."""
    assert [duration(s) for s in (0.4, 59.4, 59.6, 3599, 7620)] == [
        "0 s",
        "59 s",
        "1 min 00 s",
        "59 min 59 s",
        "2 h 07 min",
    ]
