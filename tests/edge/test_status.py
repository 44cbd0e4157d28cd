"""The status file of a stream."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.statistics import StreamStatistics
from edge.status import StatusFile, default_status, read_status
from support.no_root import no_root
from support.observed import NO_LABELS, observe, observe_without_labels
from support.status_file import write_status


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


_DAMAGED = [
    *("", "[]", "{}", "[" * 50_000, '{"pid": "x", "model_sha256": ""}', '{"pid": 1e99}', "x" * 100_000),
    *('{"pid": -1, "model_sha256": "", "time_s": 0}', '{"pid": 1, "model_sha256": "", "time_s": 0, "every_s": 1e999}'),
]


@pytest.mark.parametrize("text", _DAMAGED)
def test_what_is_no_report(text: str, tmp_path: Path) -> None:
    """A damaged status file counts as none, and so does that of a process that has ended."""
    status = tmp_path / "watch.json"
    assert read_status(status) is None
    status.write_text(text)
    assert read_status(status) is None
    write_status(status, "0" * 64, pid=2**22 + 1)
    assert read_status(status) is None


def test_a_stream_writes_what_shows_that_it_runs(tmp_path: Path) -> None:
    """The file that a sink writes is fresh; the same file of an hour ago, or from before a boot, is not."""
    path = tmp_path / "watch.json"
    StatusFile(path, StreamStatistics(), 60.0).write(observe())
    status = read_status(path)
    assert status is not None and status.is_fresh
    assert (status.pid, status.every_s) == (os.getpid(), 60.0)
    for age_s, fresh in ((100, True), (130, False), (-1000, False)):
        write_status(path, "0" * 64, age_s=age_s, every_s=60)
        status = read_status(path)
        assert status is not None and status.is_fresh == fresh


def test_another_process_with_the_same_number_does_not_count(tmp_path: Path) -> None:
    """The number of a process that has ended is given again: the time of the start tells them apart."""
    path = tmp_path / "watch.json"
    StatusFile(path, StreamStatistics()).write(observe())
    start = json.loads(path.read_bytes())["process_start"]
    write_status(path, "0" * 64, process_start=start)
    assert read_status(path) is not None
    write_status(path, "0" * 64, process_start=start - 1)
    assert read_status(path) is None


def test_a_jump_of_the_clock_changes_nothing(tmp_path: Path) -> None:
    """The wall clock counts only in files of releases that wrote nothing else."""
    path = tmp_path / "watch.json"
    write_status(path, "0" * 64, time_s=4e9)
    status = read_status(path)
    assert status is not None and status.is_fresh
    path.write_text(json.dumps({"pid": os.getpid(), "model_sha256": "0" * 64, "time_s": time.time()}))
    status = read_status(path)
    assert status is not None and status.is_fresh


def test_a_report_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    """It is an error, not the answer that no edge watch runs: one may run."""
    status = tmp_path / "watch.json"
    write_status(status, "0" * 64)
    status.chmod(0)
    with no_root(), pytest.raises(StorageError) as caught:
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
        with no_root():
            report = read_status(status)
    assert report is not None and report.pid == 1


def test_where_watch_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status file is in the runtime folder of its service, unless $EDGE_STATUS names another file."""
    assert default_status() == Path("/run/edge-watch/watch.json")
    monkeypatch.setenv("EDGE_STATUS", "/tmp/watch.json")
    assert default_status() == Path("/tmp/watch.json")


def test_a_model_without_labels(tmp_path: Path) -> None:
    """The status names a model that has no labels yet."""
    path = tmp_path / "watch.json"
    StatusFile(path, StreamStatistics()).write(observe_without_labels())
    status = read_status(path)
    assert status is not None
    assert status.model_sha256 == NO_LABELS.sha256
