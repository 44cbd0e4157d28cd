"""Pictures that are refused: unknown formats, damage, arrays that are not pictures."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge import preprocess as module
from edge.errors import ImageError
from edge.pictures.open_image import FORMATS
from edge.preprocess import decode, preprocess, to_rgb
from support.colours import encoded, plain, ramp

SIZE = (32, 32)


@pytest.mark.parametrize("form", ["ICO", "TGA", "PCX", "SGI", "EPS"])
def test_formats_that_are_never_opened(form: str) -> None:
    """Formats that are seldom used for photos are never opened."""
    assert form not in FORMATS
    with pytest.raises(ImageError, match=r"not an image of a known format \(JPEG, PNG"):
        preprocess(encoded(plain("red"), form), SIZE)


@pytest.mark.parametrize(
    "content", [b"", b"not an image at all", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", bytes(99)]
)
def test_no_image(content: bytes) -> None:
    """Empty files, text and bare signatures are refused."""
    with pytest.raises(ImageError):
        preprocess(content, SIZE)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_truncated(form: str) -> None:
    """Half a photo is refused, not filled up with grey."""
    content = encoded(ramp((200, 200)), form)
    with pytest.raises(ImageError):
        preprocess(content[: len(content) // 2], SIZE)


@settings(max_examples=150)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"]),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
)
def test_hostile_bytes(form: str, changes: list[tuple[float, int]], kept: float) -> None:
    """However the bytes of a file are changed, there are pixels of the right shape or an ImageError."""
    content = bytearray(encoded(ramp((40, 30)), form))
    for position, value in changes:
        content[int(position * len(content))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            assert preprocess(bytes(content[: int(kept * len(content))]), SIZE).shape == (32, 32, 3)
        except ImageError as error:
            assert str(error)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    """A missing file and a folder are refused with the system's own message."""
    with pytest.raises(ImageError, match="cannot be read: No such file or directory"):
        preprocess(tmp_path / "gone.png", SIZE)
    with pytest.raises(ImageError, match="cannot be read: Is a directory"):
        preprocess(tmp_path, SIZE)


def test_not_enough_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that does not fit into the memory of a small board is skipped like any bad picture."""

    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(module.Image, "open", exhausted)
    with pytest.raises(ImageError, match="not enough memory"):
        decode(b"")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
    ids=str,
)
def test_arrays_that_are_no_pictures(array: np.ndarray) -> None:
    """An array must be uint8 (height, width, 3); the message says what it was."""
    with pytest.raises(ImageError, match=r"must be uint8 \(height, width, 3\) RGB, not"):
        preprocess(array, SIZE)


@pytest.mark.parametrize("mode", ["F", "La"])
def test_modes_without_a_meaning(mode: str) -> None:
    """Pixels that Pillow cannot turn into 8-bit RGB are refused."""
    with pytest.raises(ImageError, match="save it"):
        to_rgb(Image.new(mode, (4, 4)))
