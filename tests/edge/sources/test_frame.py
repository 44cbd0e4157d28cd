"""Frames of picture files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import ImageError
from edge.sources import frame
from edge.sources.frame import decode_frame
from support.colours import COLOURS, encoded, plain


def test_pixels(tmp_path: Path) -> None:
    """A path and the content of the file give the same array."""
    content = encoded(plain("red"), "PNG")
    (tmp_path / "a.png").write_bytes(content)
    pixels = decode_frame(content)
    assert (pixels.dtype, pixels.ndim, tuple(pixels[0, 0])) == (np.uint8, 3, COLOURS["red"])
    assert (decode_frame(str(tmp_path / "a.png")) == pixels).all()


def test_a_frame_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before it is decoded; one at the limit is not."""
    monkeypatch.setattr(frame, "MAX_PIXELS", 1200)
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "JPEG")
    assert decode_frame(file.getvalue()).shape == (30, 40, 3)
    half = encoded(Image.new("RGB", (41, 30)), "JPEG")[:-10]
    with pytest.raises(ImageError, match=r"^too large for a frame: 1,230 pixels, more than 1,200; scale it down$"):
        decode_frame(half)


def test_what_is_no_picture() -> None:
    """The decoder says why."""
    with pytest.raises(ImageError, match="not an image of a known format"):
        decode_frame(b"no picture")
