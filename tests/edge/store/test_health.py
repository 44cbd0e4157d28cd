"""The health window."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.cli import main
from edge.errors import ModelError, StorageError
from edge.status import default_status, read_status
from edge.store import health
from edge.store.health import await_confirmation
from edge.store.layout import Store, short
from edge.store.state import read_state

pytestmark = pytest.mark.usefixtures("trusting")

_NOBODY = 65534


def _report(path: Path, sha256: str, frames: int = 1, pid: int | None = None) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"pid": pid or os.getpid(), "model_sha256": sha256, "frames_labelled": frames}))
    fresh.replace(path)


def test_where_no_watch_runs_the_self_test_decides(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """It runs through the current link, and takes the pending mark off."""
    first = put(0, confirmed=False)
    status = tmp_path / "watch.json"
    assert await_confirmation(store, first, window_s=5, status=status, before=read_status(status)) == "self-test"
    assert not read_state(store).pending


def test_a_self_test_that_fails_goes_back(
    store: Store, put: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the model, reached as a program reaches it, does not run, the one before is current again."""
    first, second = put(0), put(1, confirmed=False)

    def fail(path: Path, time_limit_s: float) -> None:
        assert path == store.root / "current" / "model.tflite"
        raise ModelError("no")

    monkeypatch.setattr(health, "self_test_in_child", fail)
    with pytest.raises(ModelError, match=f"{short(second)} was not confirmed: no; {short(first)} is current"):
        await_confirmation(store, second, window_s=5, status=tmp_path / "watch.json", before=None)
    assert store.linked("current") == first


def test_a_running_watch_confirms(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """Its next report with the new model does; until then the window stays open."""
    status = tmp_path / "watch.json"
    first = put(0)
    _report(status, first)
    before = read_status(status)
    second = put(1, confirmed=False)

    def watch() -> None:
        _report(status, first, 2)
        _report(status, second, 3)

    timer = threading.Timer(0.1, watch)
    timer.start()
    assert await_confirmation(store, second, window_s=60, status=status, before=before) == "watch"
    timer.join()
    assert not read_state(store).pending


def test_a_watch_that_does_not_label_goes_back(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """A report from before, one of the old model, or none at all is no proof."""
    status = tmp_path / "watch.json"
    first = put(0)
    _report(status, first)
    before = read_status(status)
    second = put(1, confirmed=False)
    _report(status, first, 2)
    expected = rf"edge watch \(process {os.getpid()}\) labelled no frame with it within 0.2 s; {short(first)}"
    with pytest.raises(ModelError, match=expected):
        await_confirmation(store, second, window_s=0.2, status=status, before=before)
    state = read_state(store)
    assert state.current == first and state.returned is not None and state.returned.by_itself


def test_a_watch_with_another_model_does_not_count(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """Whoever runs a file of his own has nothing to do with this store."""
    status = tmp_path / "watch.json"
    _report(status, "f" * 64)
    assert (
        await_confirmation(store, put(0, confirmed=False), window_s=5, status=status, before=read_status(status))
        == "self-test"
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x", "model_sha256": ""}', '{"pid": 1e99}'])
def test_what_is_no_report(text: str, tmp_path: Path) -> None:
    """A damaged status file counts as no watch at all, as does that of a process that is gone."""
    status = tmp_path / "watch.json"
    assert read_status(status) is None
    status.write_text(text)
    assert read_status(status) is None
    _report(status, "0" * 64, pid=2**22 + 1)
    assert read_status(status) is None


@contextlib.contextmanager
def _no_root() -> Iterator[None]:
    """Run the block as a user who may not read the files of others, and has no process with number 1."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_report_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    """It is neither a report nor its absence: an edge watch may run."""
    status = tmp_path / "watch.json"
    _report(status, "0" * 64)
    status.chmod(0)
    with _no_root(), pytest.raises(StorageError) as caught:
        read_status(status)
    problem = "the status file of edge watch cannot be read (Permission denied)"
    assert str(caught.value) == f"{status}: {problem}; use sudo, or give another file with --status"


def test_a_process_of_another_user_counts_as_running() -> None:
    """It may be asked about by number alone, and that it may not be signalled says that it is there."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        status = Path(folder) / "watch.json"
        _report(status, "0" * 64, pid=1)
        status.chmod(0o644)
        with _no_root():
            report = read_status(status)
    assert report is not None and report.pid == 1


def test_a_report_that_becomes_unreadable_is_no_proof(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """The store goes back, and the reason says why nothing was seen."""
    status = tmp_path / "watch.json"
    first = put(0)
    _report(status, first)
    before = read_status(status)
    second = put(1, confirmed=False)
    status.unlink()
    status.mkdir()
    with pytest.raises(ModelError, match=r"cannot be read \(Is a directory\).*; " + f"{short(first)} is current"):
        await_confirmation(store, second, window_s=0.2, status=status, before=before)


@pytest.mark.parametrize("words", [["install", "{file}", "--activate"], ["activate", "{sha256}"]])
def test_a_command_says_that_only_the_self_test_decided(
    words: list[str], store: Store, put: Callable[..., str], model: Callable[..., Path], tmp_path: Path, capsys
) -> None:
    """One line on stderr, and the model is confirmed by its self-test; without a health window nothing is asked."""
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


def test_installing_alone_asks_for_no_report(store: Store, model: Callable[..., Path], tmp_path: Path, capsys) -> None:
    """A model that does not become current has nothing to be confirmed by a watch."""
    assert main(["store", "install", str(model(0)), "--status", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_where_watch_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its service's runtime folder, unless $EDGE_STATUS names another file."""
    assert default_status() == Path("/run/edge-watch/watch.json")
    monkeypatch.setenv("EDGE_STATUS", "/tmp/watch.json")
    assert default_status() == Path("/tmp/watch.json")


def test_a_model_replaced_meanwhile_is_left_alone(store: Store, put: Callable[..., str], tmp_path: Path) -> None:
    """Giving up on a model that is not current any more changes nothing."""
    first, second = put(0), put(1)
    status = tmp_path / "watch.json"
    _report(status, second)
    with pytest.raises(ModelError, match=f"{short(second)} is current"):
        await_confirmation(store, first, window_s=0.1, status=status, before=read_status(status))
    assert store.linked("current") == second
