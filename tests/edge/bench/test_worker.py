"""Workers in processes of their own, and workers that go wrong."""

from __future__ import annotations

import hashlib
import itertools
import sys
from pathlib import Path

import pytest

from edge.bench import run, timing
from edge.bench.photo import draw_photo
from edge.bench.worker import MeasurementRequest
from edge.inference.interpreter import installed_runtimes
from edge.inference.steps import Steps
from edge.preprocess import decode
from support import surgery
from support.surgery import Patient

RUNTIMES = installed_runtimes()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """The drawn photo as a file."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(draw_photo())
    return path


def _request(model: Path, photo: Path, runtime: str = RUNTIMES[0], **changes: object) -> MeasurementRequest:
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    request = MeasurementRequest(str(model), sha256, None, runtime, 1, 0.01, str(photo), 60.0)
    return request._replace(**changes)  # type: ignore[arg-type]


def _python(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``code`` be the worker."""
    monkeypatch.setattr(run, "COMMAND", (sys.executable, "-c", code))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_worker_measures(runtime: str, any_model: Path, photo: Path) -> None:
    """A fresh process answers with every figure, on every interpreter that is installed."""
    answer = run.run_worker(_request(any_model, photo, runtime))
    assert set(answer) == {"load_ms", "first_ms", "samples_ns", "end_to_end_ns", "peak_memory_bytes"}
    assert timing.MIN_RUNS <= len(answer["samples_ns"]) <= timing.MAX_RUNS
    assert min(answer["samples_ns"]) > 0 and min(answer["end_to_end_ns"]) > 0
    assert answer["load_ms"] > 0 and answer["first_ms"] > 0
    assert answer["peak_memory_bytes"] is None or answer["peak_memory_bytes"] > 1 << 20


def test_the_worker_is_of_this_package(
    int8_model: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is called edge or numpy in the current folder is no part of it."""
    for name in ("edge.py", "numpy.py"):
        (tmp_path / name).write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert "error" not in run.run_worker(_request(int8_model, photo))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_interpreter_that_rejects_the_model(runtime: str, photo: Path, tmp_path: Path) -> None:
    """A kernel version that the interpreter does not know is its answer, in one line."""
    patient = Patient(surgery.tiny()).foreign()
    code = next(code for code in patient.model.tables(1) if code._field(2) is not None)
    path = tmp_path / "future.tflite"
    path.write_bytes(patient.set_field(code, 2, "i", 99).content)
    answer = run.run_worker(_request(path, photo, runtime))
    assert answer["error"].startswith(f"{runtime} cannot run this model (")
    assert "\n" not in answer["error"]


def test_a_file_that_changed(int8_model: Path, photo: Path, tmp_path: Path) -> None:
    """A model whose content is not the one that was planned is not measured; nor is one that is gone."""
    answer = run.run_worker(_request(int8_model, photo, sha256="0"))
    assert answer == {"error": "the file changed while it was measured; run the benchmark again"}
    answer = run.run_worker(_request(int8_model, photo, path=str(tmp_path / "gone.tflite")))
    assert answer == {"error": "the model or the photo cannot be read any more (No such file or directory)"}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "the process crashed (SIGSEGV)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGABRT)", "the process crashed (SIGABRT)"),
        ("import os, signal; os.kill(os.getpid(), 40)", "the process crashed (signal 40)"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            "the process was killed (SIGKILL), as happens if memory runs out",
        ),
        ("print('{')", "the process ended with code 0 and no answer"),
        ("print('[1]')", "the process ended with code 0 and no answer"),
        ("open('/home/ann/model')", "the process ended with code 1 and no answer"),
        ("raise SystemExit('first\\nlast')", "the process ended with code 1 and no answer (last)"),
    ],
)
def test_a_worker_that_dies(
    code: str, error: str, int8_model: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash, a kill and a nonsensical answer are errors in the answer, without the names of folders."""
    _python(code, monkeypatch)
    answer = run.run_worker(_request(int8_model, photo))
    assert answer["error"].startswith(error)
    assert "ann" not in answer["error"]


def test_a_worker_that_hangs(int8_model: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time limit the worker is stopped, and that is the answer."""
    _python("import signal; signal.pause()", monkeypatch)
    answer = run.run_worker(_request(int8_model, photo, time_limit_s=0.2))
    assert answer == {"error": "gave no answer within 0.2 s and was stopped"}


def test_a_long_error_is_cut(int8_model: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error stays a line that fits into a table."""
    _python("print('{\"error\": \"' + 'x ' * 999 + '\"}')", monkeypatch)
    error = run.run_worker(_request(int8_model, photo))["error"]
    assert len(error) == 300 and error.endswith("...")


class _Clock:
    """A clock in nanoseconds, and a model whose invocations take the times that it is given."""

    def __init__(self, times_ns: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0
        self.calls: list[str] = []
        self._times = itertools.chain(times_ns, itertools.repeat(times_ns[-1]))
        monkeypatch.setattr(timing, "perf_counter_ns", lambda: self.now)

    @property
    def steps(self) -> Steps:
        """The three steps; only ``invoke`` lies between two readings of the clock."""
        return Steps(
            lambda: self._pass("set", 1000), lambda: self._pass("invoke", None), lambda: self._pass("get", 1000)
        )  # type: ignore[arg-type,return-value]

    def _pass(self, call: str, time_ns: int | None) -> None:
        self.calls.append(call)
        self.now += next(self._times) if time_ns is None else time_ns


def test_only_the_invocation_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture is set before and the output fetched after each invocation, outside the clock."""
    clock = _Clock([5, 6, 7], monkeypatch)
    assert timing.time_invocations(clock.steps, 0, min_runs=3) == [5, 6, 7]
    assert clock.calls == ["set", "invoke", "get"] * 3


@pytest.mark.parametrize(("seconds", "runs"), [(0.0, timing.MIN_RUNS), (1e-3, 501), (1e3, timing.MAX_RUNS)])
def test_number_of_timed_invocations(seconds: float, runs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as fit into the time, at least ten and at most ten thousand."""
    clock = _Clock([0], monkeypatch)
    assert len(timing.time_invocations(clock.steps, seconds)) == runs


def test_warm_up_ends_when_the_times_stop_falling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that get faster go on, two in a row that do not end the warm-up."""
    blocks = [900, 700, 500, 300, 299, 301]
    clock = _Clock([time for time in blocks for _ in range(5)], monkeypatch)
    assert timing.warm_up(clock.steps, 0) == blocks


def test_warm_up_ends_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that gets faster and faster is measured after thirty blocks."""
    clock = _Clock([1_000_000 - 5000 * n for n in range(150)], monkeypatch)
    assert len(timing.warm_up(clock.steps, 0)) == 30


def test_calls_are_timed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """End to end, a call counts from its beginning to its end, for the time given and a fewest number."""
    clock = _Clock([40], monkeypatch)
    assert timing.time_calls(clock.steps.invoke, 0, min_runs=3) == [40, 40, 40]
    assert len(timing.time_calls(clock.steps.invoke, 400e-9, min_runs=3)) == 10


def test_the_drawn_photo() -> None:
    """It is the same every time, of a phone's small size, and as hard to decode as a photo."""
    assert draw_photo() == draw_photo()
    assert decode(draw_photo()).size == (640, 480)
    assert 50_000 < len(draw_photo()) < 300_000
