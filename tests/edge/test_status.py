"""The status file of a stream."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.statistics import StreamStatistics
from edge.status import StatusFile, default_status, read_status
from support.observed import observe
from support.status_file import write_status

_NOBODY = 65534


def test_every_user_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    """A service's umask hides its files; what this one says is for other programs."""
    path = tmp_path / "watch.json"
    before = os.umask(0o077)
    try:
        StatusFile(path, StreamStatistics()).write(observe())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    assert json.loads(path.read_bytes())["pid"] == os.getpid()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x", "model_sha256": ""}', '{"pid": 1e99}'])
def test_what_is_no_report(text: str, tmp_path: Path) -> None:
    """A damaged status file counts as none, and so does that of a process that has ended."""
    status = tmp_path / "watch.json"
    assert read_status(status) is None
    status.write_text(text)
    assert read_status(status) is None
    write_status(status, "0" * 64, pid=2**22 + 1)
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
    """It is an error, not the answer that no edge watch runs: one may run."""
    status = tmp_path / "watch.json"
    write_status(status, "0" * 64)
    status.chmod(0)
    with _no_root(), pytest.raises(StorageError) as caught:
        read_status(status)
    problem = "the status file of edge watch cannot be read (Permission denied)"
    assert str(caught.value) == f"{status}: {problem}; use sudo, or give another file with --status"


def test_a_process_of_another_user_counts_as_running() -> None:
    """If this user is not allowed to send the process a signal, the process is there."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        status = Path(folder) / "watch.json"
        write_status(status, "0" * 64, pid=1)
        status.chmod(0o644)
        with _no_root():
            report = read_status(status)
    assert report is not None and report.pid == 1


def test_where_watch_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status file is in the runtime folder of its service, unless $EDGE_STATUS names another file."""
    assert default_status() == Path("/run/edge-watch/watch.json")
    monkeypatch.setenv("EDGE_STATUS", "/tmp/watch.json")
    assert default_status() == Path("/tmp/watch.json")
