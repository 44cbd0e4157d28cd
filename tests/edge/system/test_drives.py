"""Drives that do not answer: whoever waits is told, in time, and no thread keeps the process from ending."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.parallel import ordered_map
from edge.sources.files import find_photos, walk_files
from edge.system import daemon_pool, drives
from edge.system.drives import ask_drive, asking
from support.hanging_share import GETATTR, OPEN, READ, READDIR, hanging_share
from support.held import threads


@pytest.fixture
def answered() -> Iterator[threading.Event]:
    """What a drive waits for; it answers at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drive has a fifth of a second."""
    monkeypatch.setattr(drives, "ANSWER_LIMIT_S", 0.2)
    for module in (drives, daemon_pool):
        monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)


def test_an_answer() -> None:
    """What the drive answers comes back, and so does its error."""
    assert ask_drive("a", lambda: 7) == 7
    with pytest.raises(FileNotFoundError):
        ask_drive("a", Path("no such file").stat)


@pytest.mark.usefixtures("_short")
def test_a_drive_that_hangs(answered: threading.Event) -> None:
    """One line names the path, the time and what to do."""
    with pytest.raises(StorageError) as told:
        ask_drive("/share/photos", answered.wait)
    assert str(told.value) == "/share/photos: no answer within 0.2 s; mend the drive and run again to go on"


def test_a_slow_drive_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer has the whole time: many of them may take longer."""
    now_s = 0.0
    monkeypatch.setattr(drives.time, "monotonic", lambda: now_s)
    question = drives.Question()
    patience = drives.Patience([question])

    def ask() -> None:
        nonlocal now_s
        drives.ask_as(question)
        with asking("a") as ask:
            for second in range(1, 601):
                now_s = float(second)
                if second % (drives.ANSWER_LIMIT_S - 1) == 0:
                    ask.answered()
                patience.look()

    with ThreadPoolExecutor(1) as thread:  # what a thread asks is known to that thread
        thread.submit(ask).result()
    assert now_s == 600.0


@pytest.mark.usefixtures("_short")
def test_computing_has_no_limit() -> None:
    """Only while a drive is asked does the time count."""
    pause = threading.Event()
    assert list(ordered_map(lambda: lambda item: pause.wait(0.5) or item, [1], 1)) == [1]


def test_a_process_that_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a pause of the whole process, as by Ctrl-Z, the drive has its whole time again."""
    now_s = 0.0
    monkeypatch.setattr(drives.time, "monotonic", lambda: now_s)
    question = drives.Question()
    question.path = "/share"
    patience = drives.Patience([question])
    now_s = 3600.0
    patience.look()
    for now_s in (3601.0, 3605.0, 3610.0):  # noqa: B007  # read by the clock
        patience.look()
    now_s = 3600.0 + drives.ANSWER_LIMIT_S + 1
    patience._looked_s = now_s - 1
    with pytest.raises(StorageError, match="/share: no answer"):
        patience.look()


@pytest.mark.usefixtures("_short")
def test_a_photo_that_hangs(answered: threading.Event) -> None:
    """Results before it are handed out; then the map ends, and waits for no thread that hangs."""

    def work(item: int) -> int:
        if item == 3:
            with asking("/share/3.jpg"):
                answered.wait()
        return item

    results = ordered_map(lambda: work, range(100), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(StorageError, match=r"/share/3.jpg: no answer"):
        next(results)


@pytest.mark.usefixtures("_short")
def test_a_map_that_is_given_up(answered: threading.Event) -> None:
    """Ctrl-C need not wait for a drive that hangs."""
    hangs = threading.Event()

    def work(item: int) -> int:
        if item:
            with asking("/share/1.jpg"):
                hangs.set()
                answered.wait()
        else:
            assert hangs.wait(30)
        return item

    results = ordered_map(lambda: work, range(2), 2)
    assert next(results) == 0
    results.close()


def test_no_thread_is_left() -> None:
    """All threads have ended when the work is done."""
    before = threads()
    assert list(ordered_map(lambda: lambda item: item, range(50), 3)) == list(range(50))
    assert not threads() - before


def test_a_map_that_nobody_closes() -> None:
    """A process ends though a map is left in the middle, and a drive hangs."""
    code = (
        "import threading\n"
        "from edge.parallel import ordered_map\n"
        "from edge.system.drives import asking\n"
        "def work(item):\n"
        "    if item:\n"
        "        with asking('/share'): threading.Event().wait()\n"
        "    return item\n"
        "results = ordered_map(lambda: work, range(9), 2)\n"
        "print(next(results))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("0\n", "", 0)


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize(("request_kind", "number"), [(GETATTR, 0), (READDIR, 1), (OPEN, 0), (READ, 0)])
def test_a_real_share(request_kind: int, number: int, tmp_path: Path) -> None:
    """A file system that falls silent: when its folder is asked for, when it is listed, and when a photo is read."""
    (tmp_path / "photos/daisy").mkdir(parents=True)
    (tmp_path / "photos/daisy/1.jpg").write_bytes(b"1")
    share = tmp_path / "share"
    with hanging_share(tmp_path / "photos", share, request_kind, number), pytest.raises(StorageError, match=str(share)):
        found = walk_files(share, lambda path, reason: None) if number else find_photos([str(share)], lambda *_: None)
        list(ordered_map(lambda: _read, found, 1))


@pytest.mark.usefixtures("_short")
def test_a_pattern_on_a_real_share(tmp_path: Path) -> None:
    """The library that looks up patterns has a limit of time too, in the second folder that it lists."""
    (tmp_path / "photos/daisy").mkdir(parents=True)
    (tmp_path / "photos/daisy/1.jpg").write_bytes(b"1")
    pattern = f"{tmp_path}/share/*/*.jpg"
    with hanging_share(tmp_path / "photos", tmp_path / "share", READDIR, 2), pytest.raises(StorageError) as told:
        list(find_photos([pattern], lambda path, reason: None))
    assert str(told.value) == f"{pattern}: no answer within 0.2 s; mend the drive and run again to go on"


def _read(path: Path) -> bytes:
    with asking(path):
        return path.read_bytes()
