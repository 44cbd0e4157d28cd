"""A cache on a drive that several machines share is refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.system import drives
from support.hanging_share import OPEN, READ, hanging_share
from trainer.bottlenecks import cache_database, cache_place
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.cache_place import check_place, file_system

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/root rw
30 22 0:40 / /mnt/photos rw,relatime shared:5 master:2 - nfs4 server:/export rw,vers=4.2
31 30 254:1 / /mnt/photos/own rw - xfs /dev/sdb rw
32 22 0:41 / /mnt/a\\040share rw - cifs //server/share rw
33 22 0:42 / /mnt/twice rw - ext4 /dev/sdc rw
34 22 0:43 / /mnt/twice rw - fuse.sshfs host: rw
nonsense
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    """What is mounted on some machine."""
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    return path


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/home/poet/.cache", "ext4"),
        ("/mnt/photos/cache", "nfs4"),
        ("/mnt/photos", "nfs4"),
        ("/mnt/photographs", "ext4"),
        ("/mnt/photos/own/cache", "xfs"),
        ("/mnt/a share/cache", "cifs"),
        ("/mnt/twice/cache", "fuse.sshfs"),
    ],
)
def test_the_innermost_and_last_mount_counts(mounts: Path, folder: str, expected: str) -> None:
    """A drive in a drive hides it, and so does a later one at the same place; names may have blanks."""
    assert file_system(Path(folder), mounts) == expected


def test_a_network_drive_is_refused_in_one_line(mounts: Path) -> None:
    """The line says what is wrong and what to do; a disk of this machine is taken."""
    with pytest.raises(StorageError) as caught:
        check_place(Path("/mnt/photos/cache"), mounts)
    assert str(caught.value).startswith("/mnt/photos/cache: on a network drive (nfs4), ")
    assert "--bottleneck-dir" in str(caught.value)
    assert "\n" not in str(caught.value)
    check_place(Path("/home/poet/.cache"), mounts)


def test_a_system_that_does_not_say_is_not_checked(tmp_path: Path) -> None:
    """Without the file there is no answer, and no error."""
    assert file_system(tmp_path, tmp_path / "missing") is None
    check_place(tmp_path, tmp_path / "missing")


def test_nothing_is_written_to_a_network_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is refused when it is opened, before SQLite makes a file."""
    line = f"22 1 254:0 / {tmp_path} rw - nfs server:/export rw\n"
    (tmp_path / "mountinfo").write_text(line)
    monkeypatch.setattr(cache_database, "check_place", lambda folder: check_place(folder, tmp_path / "mountinfo"))
    with pytest.raises(StorageError, match="network drive"):
        BottleneckCache(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("request_kind", [OPEN, READ])
def test_a_database_on_a_drive_that_hangs_is_a_storage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_kind: int
) -> None:
    """SQLite waits for ever where it opens and reads the database; the run does not."""
    monkeypatch.setattr(drives, "ANSWER_LIMIT_S", 0.2)
    monkeypatch.setattr(drives, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(cache_place, "NETWORK_TYPES", frozenset())
    with BottleneckCache(tmp_path / "cache"):
        pass
    share = tmp_path / "share"
    with (
        hanging_share(tmp_path / "cache", share, request_kind),
        pytest.raises(StorageError, match=f"{share}/?.*: no answer within 0.2 s"),
    ):
        BottleneckCache(share)
