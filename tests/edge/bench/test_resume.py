"""A benchmark that is killed or interrupted goes on from the last measurement, and loses nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.bench import journal as journals
from edge.bench import run
from edge.bench.journal import Journal
from edge.bench.models import ModelFacts
from edge.bench.plan import Configuration, Task
from edge.bench.results import load_results
from edge.cli import main
from edge.errors import DataError, StorageError, UsageError
from support.bench_fake import BENCH
from support.colours import encoded, plain

PART = Path("bench.json.part")

pytestmark = pytest.mark.usefixtures("in_a_folder_with_models")


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
    results = load_results("bench.json")
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
    answer = run.run_worker

    def run_worker(request: Any) -> dict[str, Any]:
        if len(fake) == count:
            raise KeyboardInterrupt
        return answer(request)

    monkeypatch.setattr(run, "run_worker", run_worker)
    return lambda: monkeypatch.setattr(run, "run_worker", answer)


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
        problem = f"bench.json.part: belongs to an unfinished run with other settings ({name}); "
        assert problem in capsys.readouterr().err
    monkeypatch.setattr(run, "describe_board", lambda: {"board": "another", "versions": {}})
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


TASK = Task(Configuration(ModelFacts(Path("m"), "m", "00", 1), "litert", 1), 0)


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


def test_two_runs_at_once(fake: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    """The second one with the same output is refused while the first one runs, and measures nothing."""
    with Journal(PART, {"rounds": 2}, {}) as journal:
        journal.add(TASK, {"load_ms": 1.0})
        kept = PART.read_bytes()
        assert main([*BENCH, "--output", "bench.json"]) == 2
        words = "bench.json.part: another edge bench writes it now; wait for its end, or give another --output"
        assert capsys.readouterr().err == f"edge: {words}\n"
        assert (PART.read_bytes(), fake) == (kept, [])
        journal.remove()
    assert main([*BENCH, "--output", "bench.json"]) == 0


def test_a_run_that_ends_while_the_next_one_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that the first run removes is not the one that the next one keeps its measurements in."""
    PART.write_bytes(b"")
    lock = journals.try_lock

    def remove_first(descriptor: int) -> bool:
        monkeypatch.setattr(journals, "try_lock", lock)
        PART.unlink()
        return lock(descriptor)

    monkeypatch.setattr(journals, "try_lock", remove_first)
    with Journal(PART, {}, {}) as journal:
        journal.add(TASK, {"load_ms": 1.0})
        assert PART.read_bytes().count(b"\n") == 2


def test_a_file_system_without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, and on Windows, a benchmark runs all the same."""

    def none_here(descriptor: int) -> bool:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(journals, "try_lock", none_here)
    with Journal(PART, {}, {}) as journal:
        journal.add(TASK, {"load_ms": 1.0})
    assert PART.read_bytes().count(b"\n") == 2


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a measurement cannot be kept, the run ends with the file's name and the reason."""
    with Journal(PART, {}, {}) as journal:

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(StorageError, match=r"bench\.json\.part: cannot be written \(No space left on device\)"):
            journal.add(TASK, {})
