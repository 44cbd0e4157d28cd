"""Thumbnails and large pictures of photos."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from edge.errors import ImageError, StorageError
from support.colours import encoded, ramp
from trainer.teach.web import photo_pictures
from trainer.teach.web.photo_pictures import LONG_SIDE, Thumbnails, large_picture, upright_size

ID = "0123456789abcdef" * 2


def write(folder: Path, picture: Image.Image, form: str = "JPEG", *, turned: bool = False) -> Path:
    """A file of ``picture`` whose EXIF says, if ``turned``, that the camera was held on its right side."""
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    path = folder / f"photo.{form.lower()}"
    path.write_bytes(encoded(picture, form, exif=exif))
    return path


def opened(content: bytes) -> Image.Image:
    """The picture in a file."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


@pytest.mark.parametrize(
    ("size", "made"),
    [((640, 480), (213, 160)), ((4000, 3000), (213, 160)), ((100, 50), (100, 50)), ((3000, 100), (320, 11))],
)
def test_size_of_a_thumbnail(tmp_path: Path, size: tuple[int, int], made: tuple[int, int]) -> None:
    """The shorter side has 160 pixels, the longer one at most 320; a small picture stays as it is."""
    thumbnail = opened(Thumbnails(tmp_path / "kept").make(ID, write(tmp_path, ramp(size))))
    assert (thumbnail.format, thumbnail.mode, thumbnail.size) == ("JPEG", "RGB", made)


def test_pictures_are_upright_and_have_no_exif(tmp_path: Path) -> None:
    """A photo taken sideways is turned; the picture does not say where and when it was taken."""
    photo = write(tmp_path, ramp((640, 480)), turned=True)
    assert upright_size(photo) == (480, 640)
    upright = ramp((640, 480)).rotate(-90, expand=True)
    for content in (Thumbnails(tmp_path / "kept").make(ID, photo), large_picture(photo)):
        made = opened(content)
        assert made.width < made.height and not made.getexif()
        corner = made.getpixel((2, 2))
        wanted = upright.resize(made.size).getpixel((2, 2))
        assert max(abs(one - other) for one, other in zip(corner, wanted, strict=True)) < 16


def test_a_large_picture_is_bounded(tmp_path: Path) -> None:
    """The longer side has at most 1600 pixels; a smaller picture keeps its size."""
    assert opened(large_picture(write(tmp_path, ramp((4000, 3000))))).size == (LONG_SIDE, 1200)
    assert opened(large_picture(write(tmp_path, ramp((500, 300)), "PNG"))).size == (500, 300)


def test_a_thumbnail_is_made_once_and_kept_whole(tmp_path: Path) -> None:
    """It is found again after its photo is gone; an empty file, and no file, mean that there is none."""
    thumbnails, photo = Thumbnails(tmp_path / "kept"), write(tmp_path, ramp((320, 240)))
    assert thumbnails.kept(ID) is None
    made = thumbnails.make(ID, photo)
    photo.unlink()
    assert Thumbnails(tmp_path / "kept").kept(ID) == made
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [f"{ID}.jpg"]
    (tmp_path / "kept" / f"{ID}.jpg").write_bytes(b"")
    assert thumbnails.kept(ID) is None


def test_thumbnails_of_other_photos_are_removed(tmp_path: Path) -> None:
    """Those of the given photos stay; others go, and so does what a stop has left."""
    thumbnails, photo = Thumbnails(tmp_path / "kept"), write(tmp_path, ramp((320, 240)))
    thumbnails.remove_others([])  # the folder is not there yet
    for id_ in ("a" * 32, "b" * 32):
        thumbnails.make(id_, photo)
    (tmp_path / "kept" / f".{ID}.jpg.0a1b").write_bytes(b"half")
    thumbnails.remove_others(["b" * 32])
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [f"{'b' * 32}.jpg"]


def test_a_full_disk_gives_the_thumbnail_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it cannot be kept, it is made and shown."""

    def full(path: Path, content: bytes) -> None:
        raise StorageError("no space")

    monkeypatch.setattr(photo_pictures, "write_whole", full)
    thumbnails = Thumbnails(tmp_path / "kept")
    assert opened(thumbnails.make(ID, write(tmp_path, ramp((320, 240))))).size == (213, 160)
    assert thumbnails.kept(ID) is None


def test_a_damaged_photo_has_no_pictures(tmp_path: Path) -> None:
    """It raises the error of the decoder; its size is not known."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"not a picture")
    for make in (lambda: Thumbnails(tmp_path / "kept").make(ID, path), lambda: large_picture(path)):
        with pytest.raises(ImageError, match="not an image"):
            make()
    assert upright_size(path) is None and upright_size(tmp_path / "missing.jpg") is None
