"""Photos that cannot be read: single ones, and all of them from one on."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import ImageError, NotReadError, StorageError
from edge.preprocess import decode
from edge.unread_photos import IN_A_ROW, UnreadInARow, can_be_read, is_of_drive, while_readable
from support.hanging_share import OPEN, READ, hanging_share

GONE = NotReadError("cannot be read: No such file or directory")


def results(read: Path, count: int) -> Iterator[tuple[Path, int, NotReadError | None]]:
    """One photo that was read, and ``count`` that cannot be."""
    yield read, 0, None
    for number in range(1, count + 1):
        yield Path(f"{number}.jpg"), number, GONE


def test_single_photos_are_left_to_others(tmp_path: Path) -> None:
    """Fewer than ten in a row, whatever was before them; and any number as long as the one before can be read."""
    there = tmp_path / "there.jpg"
    few = IN_A_ROW - 1
    assert list(while_readable(results(there, few), UnreadInARow())) == list(range(few + 1))
    there.touch()
    assert list(while_readable(results(there, 35), UnreadInARow())) == list(range(36))
    assert len(list(while_readable([(Path("a.jpg"), 1, GONE)] * 50, UnreadInARow()))) == 50  # none was ever read


def test_nothing_can_be_read_any_more(tmp_path: Path) -> None:
    """The tenth in a row still has its result; then one line names it and the photo that was read before."""
    gone = tmp_path / "gone.jpg"
    handed = []
    with pytest.raises(StorageError) as told:
        handed.extend(while_readable(results(gone, 20), UnreadInARow()))
    assert str(told.value) == (
        f"10.jpg: {GONE}; neither can {gone}, which could be before; mend the drive or the rights, and run again"
    )
    found = while_readable(results(gone, 20), UnreadInARow(1))
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(StorageError, match=r"^1\.jpg: "):
        next(found)


@pytest.mark.parametrize(("request_kind", "error"), [(OPEN, errno.ENOTCONN), (READ, errno.EIO)])
def test_a_real_drive(request_kind: int, error: int, tmp_path: Path) -> None:
    """Once each file can be read, then none; a picture on it is one that cannot be read, not a damaged one."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/1.jpg").write_bytes(b"no picture")
    with hanging_share(tmp_path / "photos", tmp_path / "share", request_kind, 1, error=error):
        assert can_be_read(tmp_path / "share/1.jpg")
        assert not can_be_read(tmp_path / "share/1.jpg")
        with pytest.raises(NotReadError, match=f"cannot be read: {os.strerror(error)}"):
            decode(tmp_path / "share/1.jpg")
    with pytest.raises(ImageError) as damaged:
        decode(tmp_path / "photos/1.jpg")
    assert not isinstance(damaged.value, NotReadError)


def test_what_is_in_memory_does_not_count(tmp_path: Path) -> None:
    """A stick that is gone: the system still has the whole file, and says so; its drive is asked."""
    image, stick = tmp_path / "image", tmp_path / "stick"
    image.write_bytes(bytes(8 << 20))
    stick.mkdir()
    for command in (["mkfs.ext4", "-q", "-F", image], ["mount", "-o", "loop", image, stick]):
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("this user may not mount a file as a disk")
    try:
        photo = stick / "1.jpg"
        photo.write_bytes(bytes(range(256)) * 400)
        subprocess.run(["sync", "-f", photo], check=True)
        assert can_be_read(photo)
        size = len(photo.read_bytes())
        os.truncate(image, 0)
        assert len(photo.read_bytes()) == size
        assert not can_be_read(photo)
    finally:
        subprocess.run(["umount", "-l", stick], check=True)


def test_errors_of_damaged_pictures_are_none_of_the_drive() -> None:
    """Pillow raises errors of the system's kind too, and its readers may jump out of their file."""
    assert is_of_drive(OSError(errno.EACCES, "Permission denied"))
    assert not is_of_drive(OSError("image file is truncated"))
    assert not is_of_drive(OSError(errno.EINVAL, "Invalid argument"))
    assert not is_of_drive(ValueError("damaged"))
