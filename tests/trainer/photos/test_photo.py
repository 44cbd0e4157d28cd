"""Photos and files that know their place, and make their path when it is asked for."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from trainer.photos.photo import Photo
from trainer.photos.photo_files import PhotoFile


@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("/photos/rose/1.jpg", "rose/1.jpg"),
        ("rose/1.jpg", "rose/1.jpg"),
        ("photos/../more/2.jpg", "../more/2.jpg"),
        ("/elsewhere/x.jpg", "rose/1.jpg"),
        ("/rose/1.jpg", "/rose/1.jpg"),
        ("", "rose/1.jpg"),
    ],
)
def test_a_photo_knows_its_path(path: str, relative: str) -> None:
    """Whatever its relative path is, the path that was given comes out; in copies, and if another field changes."""
    photo = Photo(Path(path), relative, "rose", b"", "test", relative)
    file = PhotoFile(Path(path), relative, "rose")
    copies = (photo, photo._replace(label="tulip"), photo._replace(relative="other"), pickle.loads(pickle.dumps(photo)))
    assert [each.path for each in copies] == [Path(path)] * 4
    assert photo._replace(path=Path("/new/rose/1.jpg")).path == Path("/new/rose/1.jpg")
    assert (file.path, file._replace(split="test").path, copy.copy(file)) == (Path(path), Path(path), file)
    assert pickle.loads(pickle.dumps(photo)) == photo
