"""Photos of which the rest cannot be read any more: the run ends, and the next one goes on."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.errors import StorageError
from support import tiny
from support.hanging_share import OPEN, READ, hanging_share
from trainer.bottlenecks import fill_cache
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.workers import Threads
from trainer.photos.folder import list_photos
from trainer.photos.reading import read_contents


@pytest.mark.parametrize(("request_kind", "error"), [(OPEN, errno.EACCES), (READ, errno.EIO)])
def test_a_drive_that_fails_in_the_middle(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_kind: int, error: int
) -> None:
    """Rights that are taken away, or a stick that dies: one line, not two thirds of the photos skipped by name."""
    monkeypatch.setattr(fill_cache, "COMMIT_EVERY_S", 0)
    extractor = tiny.extractor(tmp_path / "cache")
    share = tmp_path / "share"
    with (
        hanging_share(photos, share, request_kind, 20, error=error),
        pytest.raises(StorageError) as told,
    ):
        compute_bottlenecks(extractor, list_photos(share))
    assert str(told.value).startswith(f"{share}/")
    assert f"cannot be read: {os.strerror(error)}; neither can other photos of " in str(told.value)
    assert str(told.value).endswith("mend the drive, the key or the rights, and run again to go on")
    assert 0 < compute_bottlenecks(extractor, list_photos(photos)).computed < 36


def test_a_folder_that_goes_away_in_the_middle(photos: Path, tmp_path: Path) -> None:
    """As a share that is unmounted: each photo that is left seems to have vanished."""

    class Unmounting:
        """Threads; after the second result the folder goes."""

        def map(self, make_worker: Any, items: Any) -> Iterator[Any]:
            """See :class:`Threads`."""
            for number, result in enumerate(Threads(1).map(make_worker, items)):
                if number == 2:
                    photos.rename(tmp_path / "elsewhere")
                yield result

    extractor = dataclasses.replace(tiny.extractor(tmp_path / "cache"), workers=Unmounting())
    with pytest.raises(StorageError, match=r"No such file or directory; neither can other photos of \w+ \("):
        compute_bottlenecks(extractor, list_photos(photos))


def test_a_class_of_which_nothing_can_be_read(photos: Path, tmp_path: Path) -> None:
    """A model must not lack a class that was there when the folder was listed; training and evaluation say the same."""
    listed = list_photos(photos)
    shutil.rmtree(photos / "green")
    first = photos / "green" / "000.png"
    told = rf"^{first}: cannot be read: No such file or directory; neither can other photos of green \(10 tried\); "
    with pytest.raises(StorageError, match=told):
        compute_bottlenecks(tiny.extractor(tmp_path / "cache"), listed)
    with pytest.raises(StorageError, match=told):
        read_contents(listed)


def test_single_photos_are_skipped(photos: Path, tmp_path: Path) -> None:
    """Eleven of twelve, one at a time; the only one of a class; and all of them again when the others are cached."""
    (photos / "alone").mkdir()
    tiny.paint("red", 99).save(photos / "alone" / "one.png")
    listed = list_photos(photos)
    lost = {"alone/one.png": photos / "alone" / "one.png"}
    lost |= {path.relative_to(photos).as_posix(): path for path in sorted((photos / "red").iterdir())[1:]}
    for path in lost.values():
        path.unlink()
    for computed in (25, 0):
        extracted = compute_bottlenecks(tiny.extractor(tmp_path / "cache"), listed)
        assert extracted.computed == computed
        assert extracted.contents.unreadable == dict.fromkeys(lost, "cannot be read: No such file or directory")
        assert read_contents(listed) == extracted.contents
