"""Files that Pillow cannot read without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ImageError
from edge.pictures import bounded_file
from edge.preprocess import preprocess
from support.colours import encoded, ramp
from support.png import chunk

SIZE = (32, 32)


@pytest.mark.parametrize("filling", [b"\xff", b"\x00", b"\xff\xe3\x00\x02"])
def test_endless_headers(filling: bytes, tmp_path: Path) -> None:
    """Junk and tiny parts before the pixels end in a refusal, from bytes and from a file."""
    content = b"\xff\xd8" + filling * (bounded_file.MAX_READS // len(filling) + 9) + b"\xff\xd9"
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff" + content[2:])
    for source in (b"\xff\xd8\xff" + content[2:], tmp_path / "photo.jpg"):
        with pytest.raises(ImageError, match=r"not an image of a known format|its parts are too small|damaged"):
            preprocess(source, SIZE)


def test_number_of_reads_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file whose header is in more pieces than the limit is refused by name; the same file with fewer is read."""
    monkeypatch.setattr(bounded_file, "MAX_READS", 500)
    photo = encoded(ramp((40, 30)), "PNG")
    many = photo[:33] + chunk(b"prVt", b"") * 300 + photo[33:]
    (tmp_path / "many.png").write_bytes(many)
    for source in (many, tmp_path / "many.png"):
        with pytest.raises(ImageError, match="damaged: its parts are too small, more than 500 of them"):
            preprocess(source, SIZE)
    assert preprocess(photo, SIZE).shape == (32, 32, 3)


def test_file_size_is_limited(tmp_path: Path) -> None:
    """A file above the limit is refused before it is read, with the limit."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(ramp((40, 30)), "JPEG"))
    with path.open("r+b") as file:
        file.truncate(bounded_file.MAX_FILE_BYTES + (1 << 20))
    with pytest.raises(ImageError, match="too large for a photo: 257 MiB; it may have 256 MiB"):
        preprocess(path, SIZE)


@pytest.mark.parametrize("marker", [b"\xff\xe1", b"\xff\xed"])
def test_what_lies_before_the_pixels_is_limited(marker: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A JPEG whose EXIF comes in many parts is refused by name: for each, Pillow copies all that it has found.

    With 32 MiB this takes a second, and with 250 MiB it takes minutes.
    """
    monkeypatch.setattr(bounded_file, "MAX_HEAD_BYTES", 2 << 20)
    photo = encoded(ramp((40, 30)), "JPEG")
    part = marker + (65_002).to_bytes(2, "big") + b"Exif\0\0" + bytes(64_994)
    few, many = (photo[:2] + part * count + photo[2:] for count in (30, 40))
    (tmp_path / "many.jpg").write_bytes(many)
    for source in (many, tmp_path / "many.jpg"):
        with pytest.raises(ImageError, match="damaged: more than 2 MiB before its pixels; save it again as JPEG"):
            preprocess(source, SIZE)
    assert preprocess(few + bytes(4 << 20), SIZE).tolist() == preprocess(photo, SIZE).tolist()
