"""One change at a time."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import StorageError, UnavailableError
from edge.store.layout import Store
from edge.store.transaction import locked
from support.no_root import no_root

HOLD = """if True:
    import pathlib, sys
    from edge.store.layout import Store
    from edge.store.transaction import locked
    with locked(Store(pathlib.Path(sys.argv[1])), "install 0123"):
        print("held", flush=True)
        sys.stdin.read()
"""


def test_who_holds_the_lock_is_named(store: Store) -> None:
    """Another process waits for a while, then names the holder of the lock; when the holder ends, the lock is free."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        expected = rf"in use by process {process.pid} \(edge store install 0123\); try again"
        with pytest.raises(UnavailableError, match=expected), locked(store, "gc", wait_s=0.1):
            pass
        process.send_signal(signal.SIGKILL)
    with locked(store, "gc", wait_s=0):
        pass


def test_a_damaged_lock_file_locks(store: Store) -> None:
    """What is written in the file is for people; the lock works without."""
    store.root.mkdir()
    (store.root / "lock").write_text("no JSON")
    with locked(store, "one"):
        (store.root / "lock").write_text("no JSON")
        with pytest.raises(UnavailableError, match="in use by another process"), locked(store, "two", wait_s=0):
            pass


def test_a_store_that_cannot_be_written(read_only_disk: Path) -> None:
    """A read-only disk ends in one line."""
    with pytest.raises(StorageError, match="Read-only file system"), locked(Store(read_only_disk / "store"), "gc"):
        pass


def test_a_drive_without_locks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the store."""

    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(StorageError, match=rf"^{store.root}: cannot be changed \(No locks"), locked(store, "gc"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="taking another user's place needs root")
def test_a_store_of_another_user(store: Store, tmp_path: Path) -> None:
    """A user who may not write there gets the advice to use sudo."""
    tmp_path.chmod(0o755)
    with locked(store, "gc"):
        pass
    (store.root / "lock").chmod(0o600)
    with (
        no_root(),
        pytest.raises(StorageError, match="Permission denied; run the command with sudo"),
        locked(store, "gc"),
    ):
        pass
