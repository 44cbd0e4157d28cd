"""The needless line of a runtime is kept from stderr; every other line arrives."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from edge.inference import needless_line as module
from support.colours import fill
from support.held import descriptors

pytestmark = pytest.mark.numeric

NOISE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"

linux = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has memfd_create")


@pytest.fixture(autouse=True)
def _the_needless_line_is_still_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as a process does, before any runtime has written its line."""
    monkeypatch.setattr(module, "_needless_line_came", threading.Event())


@linux
def test_only_the_needless_line_is_kept_back(capfd: pytest.CaptureFixture[str]) -> None:
    """The runtime's INFO line is removed; every other line arrives, in order, the last without its newline too."""
    with module.without_needless_line():
        os.write(2, b"first\n" + NOISE + b"WARNING: second\n" + NOISE + b"third")
    assert capfd.readouterr().err == "first\nWARNING: second\nthird"


@linux
def test_long_output_is_written_on_whole(capfd: pytest.CaptureFixture[str]) -> None:
    """Three megabytes of output lose nothing."""
    with module.without_needless_line():
        os.write(2, b"a line of output\n" * 200_000)
    assert capfd.readouterr().err == "a line of output\n" * 200_000


@linux
def test_errors_pass_through(capfd: pytest.CaptureFixture[str]) -> None:
    """An exception inside is raised unchanged, and what was written before it arrives."""
    with pytest.raises(ValueError, match="inside"), module.without_needless_line():
        os.write(2, b"ERROR: before\n")
        raise ValueError("inside")
    assert capfd.readouterr().err == "ERROR: before\n"


@linux
def test_other_threads_are_heard(capfd: pytest.CaptureFixture[str]) -> None:
    """What another thread writes while an interpreter is loaded arrives, and stderr is afterwards what it was."""
    before, open_before = os.fstat(2).st_ino, descriptors()
    with module.without_needless_line():
        writer = threading.Thread(target=os.write, args=(2, b"output of another thread\n"))
        writer.start()
        writer.join()
    assert capfd.readouterr().err == "output of another thread\n"
    assert os.fstat(2).st_ino == before
    assert not descriptors() - open_before


@linux
def test_threads_that_load_at_the_same_time(capfd: pytest.CaptureFixture[str]) -> None:
    """Threads that load interpreters use stderr one after the other: no line is lost."""
    before, open_before = os.fstat(2).st_ino, descriptors()
    start = threading.Barrier(4)

    def load(name: int) -> None:
        start.wait()
        for turn in range(50):
            with module.without_needless_line():
                os.write(2, b"loader %d %d\n" % (name, turn))

    threads = [threading.Thread(target=load, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [f"loader {name} {turn}" for name in range(4) for turn in range(50)]
    assert sorted(capfd.readouterr().err.splitlines()) == sorted(expected)
    assert os.fstat(2).st_ino == before
    assert not descriptors() - open_before


@linux
def test_stderr_is_left_alone_once_the_needless_line_came(capfd: pytest.CaptureFixture[str]) -> None:
    """The runtime writes its line once in a process; from then on stderr is not redirected."""
    with module.without_needless_line():
        os.write(2, NOISE)
    before = os.fstat(2).st_ino
    with module.without_needless_line():
        assert os.fstat(2).st_ino == before
        os.write(2, b"output\n")
    assert capfd.readouterr().err == "output\n"


@linux
def test_no_memory_file_can_be_had(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """If the system gives no memory file, the line arrives, and no descriptor is lost."""

    def refuse(_: str) -> int:
        raise OSError(24, "Too many open files")

    open_before = descriptors()
    monkeypatch.setattr(os, "memfd_create", refuse)
    with module.without_needless_line():
        os.write(2, NOISE)
    assert capfd.readouterr().err == NOISE.decode()
    assert not descriptors() - open_before


@pytest.mark.parametrize("missing", [("memfd_create",), ("memfd_create", "pread")], ids=["macOS", "Windows"])
def test_other_systems(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], missing: tuple[str, ...]
) -> None:
    """Without memory files, a temporary file keeps what is written: the line is removed, the rest arrives."""
    for name in missing:
        monkeypatch.delattr(os, name, raising=False)
    with module.without_needless_line():
        os.write(2, b"before\n" + NOISE + b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


LOAD = """
import os, sys
{}
from edge import Classifier
from edge.inference.needless_line import without_needless_line
with without_needless_line():
    try:
        os.write(2, b"output")
    except OSError:
        pass
scores = Classifier.load(sys.argv[1]).scores(sys.argv[2]).tolist()
print(scores)
"""


@pytest.mark.parametrize(
    "broken",
    ["os.close(2)", "read, write = os.pipe(); os.close(read); os.dup2(write, 2)"],
    ids=["closed", "broken pipe"],
)
def test_stderr_that_is_gone(broken: str, python, int8_model: Path, tmp_path: Path) -> None:
    """If stderr is closed or has no reader, a picture is still labelled."""
    photo = fill(tmp_path / "photos", "red.png") / "red.png"
    done = python("-c", LOAD.format(broken), str(int8_model), str(photo))
    assert done.stdout == "[0.0, 0.0, 0.99609375]\n"
    assert done.returncode == 0
