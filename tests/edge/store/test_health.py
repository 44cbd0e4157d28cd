"""The health window."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from edge.cli import main
from edge.errors import ModelError, UnavailableError
from edge.status import WatchStatus, read_status
from edge.store import health
from edge.store.health import await_confirmation
from edge.store.layout import Store, short
from edge.store.state import read_state
from support.status_file import write_status

pytestmark = pytest.mark.usefixtures("trusting")


class Switched(NamedTuple):
    """``second`` is current and pending instead of ``first``; ``before`` was the content of ``status`` until then."""

    status: Path
    before: WatchStatus | None
    first: str
    second: str


Switch = Callable[..., Switched]


@pytest.fixture
def switch(put: Callable[..., str], tmp_path: Path) -> Switch:
    """A function that switches from one model to the next; keywords are those of :func:`write_status`, before it."""

    def make(**fields: float) -> Switched:
        status = tmp_path / "watch.json"
        first = put(0)
        write_status(status, first, **fields)
        before = read_status(status)
        return Switched(status, before, first, put(1, confirmed=False))

    return make


def test_if_no_watch_runs_the_self_test_decides(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """The self-test runs through the current link, and the model is not pending any more."""
    first = put(0, confirmed=False)
    status = tmp_path / "watch.json"
    assert await_confirmation(store, first, window_s=5, status=status, before=read_status(status)) == "self-test"
    assert not read_state(store).pending


def test_a_self_test_that_fails_goes_back(
    store: Store, put: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the model does not run through the link that programs use, the one before is current again."""
    first, second = put(0), put(1, confirmed=False)

    def fail(path: Path) -> None:
        assert path == store.root / "current" / "model.tflite"
        raise ModelError("no")

    monkeypatch.setattr(health, "check_in_child", fail)
    with pytest.raises(ModelError, match=f"{short(second)} was not confirmed: no; {short(first)} is current"):
        await_confirmation(store, second, window_s=5, status=tmp_path / "watch.json", before=None)
    assert store.linked("current") == first


def test_a_running_watch_confirms(store: Store, switch: Switch) -> None:
    """Its next status with the new model confirms the model; until then the window stays open."""
    status, before, first, second = switch()

    def watch() -> None:
        write_status(status, first, 2)
        write_status(status, second, 3)

    timer = threading.Timer(0.1, watch)
    timer.start()
    assert await_confirmation(store, second, window_s=60, status=status, before=before) == "watch"
    timer.join()
    assert not read_state(store).pending


def test_a_watch_that_labels_with_the_old_model_goes_back(store: Store, switch: Switch) -> None:
    """Frames come, and none of them is labelled with the new model: it was refused there."""
    status, before, first, second = switch()
    write_status(status, first, 2)
    expected = rf"edge watch \(process {os.getpid()}\) labelled no frame with it within 0.2 s; {short(first)}"
    with pytest.raises(ModelError, match=expected):
        await_confirmation(store, second, window_s=0.2, status=status, before=before)
    state = read_state(store)
    assert state.current == first and state.returned is not None and state.returned.by_itself


@pytest.mark.parametrize("age_s", [0, 3600, -3600])
def test_a_quiet_source_is_no_failure(age_s: float, store: Store, switch: Switch) -> None:
    """If no frame comes in the window, or none came before (or the time is impossible), the self-test decides."""
    status, before, _, second = switch(age_s=age_s)
    assert await_confirmation(store, second, window_s=0.2, status=status, before=before) == "self-test"
    assert store.linked("current") == second and not read_state(store).pending


def test_a_source_that_becomes_quiet_is_no_failure(store: Store, switch: Switch) -> None:
    """A last frame with the old model, after the switch and long before the end of the window, does not count."""
    status, before, first, second = switch()
    write_status(status, first, 2, age_s=20)
    assert await_confirmation(store, second, window_s=0.2, status=status, before=before) == "self-test"


def test_a_watch_that_ends_goes_back(store: Store, switch: Switch) -> None:
    """The process of the status file is gone: the new model may have ended it."""
    status, before, first, second = switch()
    write_status(status, first, pid=2**22 + 1)
    with pytest.raises(ModelError, match=rf"edge watch \(process {os.getpid()}\) has ended; {short(first)} is current"):
        await_confirmation(store, second, window_s=0.2, status=status, before=before)


def test_the_window_is_at_least_twice_the_time_between_two_frames(
    store: Store, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --every 60 a frame may come 110 s after the switch, whatever the window is; time is counted here."""
    status, before, _, second = switch(every_s=60, age_s=70)
    passed_s = [0.0]

    def sleep(duration_s: float) -> None:
        passed_s[0] += duration_s
        if passed_s[0] > 110:
            write_status(status, second, every_s=60)

    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: passed_s[0], sleep=sleep))
    assert await_confirmation(store, second, window_s=30, status=status, before=before) == "watch"
    assert 110 < passed_s[0] < 111


def test_a_model_that_could_not_be_checked_stays_pending(
    store: Store, put: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine is no fault of the model: it is current, and the code says to try again."""
    put(0)
    second = put(1, confirmed=False)

    def busy(path: Path) -> None:
        raise UnavailableError("busy")

    monkeypatch.setattr(health, "check_in_child", busy)
    with pytest.raises(UnavailableError, match=f"{short(second)} is current, but not confirmed yet: busy"):
        await_confirmation(store, second, window_s=5, status=tmp_path / "watch.json", before=None)
    assert store.linked("current") == second and read_state(store).pending


def test_a_watch_with_another_model_does_not_count(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """An edge watch that runs a model file from elsewhere does not count for this store."""
    status = tmp_path / "watch.json"
    write_status(status, "f" * 64)
    assert (
        await_confirmation(store, put(0, confirmed=False), window_s=5, status=status, before=read_status(status))
        == "self-test"
    )


def test_a_status_file_that_becomes_unreadable_goes_back(store: Store, switch: Switch) -> None:
    """The store goes back, and the reason says why the status file could not be read."""
    status, before, first, second = switch()
    status.unlink()
    status.mkdir()
    with pytest.raises(ModelError, match=r"cannot be read \(Is a directory\).*; " + f"{short(first)} is current"):
        await_confirmation(store, second, window_s=0.2, status=status, before=before)


def test_a_status_file_that_was_unreadable_once_is_not_the_reason(
    store: Store, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If later reads succeed, the reason is what they show: no frame was labelled with the new model."""
    status, before, first, second = switch()
    status.unlink()
    status.mkdir()
    passed_s = [0.0]

    def sleep(duration_s: float) -> None:
        if not passed_s[0]:
            status.rmdir()
            write_status(status, first, 2)
        passed_s[0] += duration_s

    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: passed_s[0], sleep=sleep))
    expected = rf"edge watch \(process {os.getpid()}\) labelled no frame with it within 1 s; {short(first)} is current"
    with pytest.raises(ModelError, match=expected):
        await_confirmation(store, second, window_s=1, status=status, before=before)


@pytest.mark.parametrize("words", [["install", "{file}", "--activate"], ["activate", "{sha256}"]])
def test_a_command_says_that_only_the_self_test_decided(
    words: list[str], store: Store, put: Callable[..., str], model: Callable[..., Path], tmp_path: Path, capsys
) -> None:
    """One line on stderr, and the self-test confirms the model; without a health window the file is not read."""
    put(0)
    sha256 = put(1, activate=False)
    command = ["store", *(word.format(file=model(1), sha256=sha256) for word in words), "--status", str(tmp_path)]
    assert main([*command, "--health-window", "0"]) == 0
    assert capsys.readouterr().err == ""
    assert main(command) == 0
    seen = capsys.readouterr()
    assert seen.out.endswith(", confirmed by the self-test\n")
    problem = (
        "the status file of edge watch cannot be read (Is a directory); use sudo, or give another file with --status"
    )
    assert seen.err == f"edge: only the self-test will confirm the model: {tmp_path}: {problem}\n"


def test_installing_alone_reads_no_status_file(
    store: Store, model: Callable[..., Path], tmp_path: Path, capsys
) -> None:
    """A model that does not become current is not confirmed, so the status file is not read."""
    assert main(["store", "install", str(model(0)), "--status", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_a_model_replaced_meanwhile_is_left_alone(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """Giving up on a model that is not current any more changes nothing."""
    first, second = put(0), put(1)
    status = tmp_path / "watch.json"
    write_status(status, second)
    before = read_status(status)
    write_status(status, second, 2)
    with pytest.raises(ModelError, match=f"{short(second)} is current"):
        await_confirmation(store, first, window_s=0.1, status=status, before=before)
    assert store.linked("current") == second
