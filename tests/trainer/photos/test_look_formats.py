"""The look of photos in other formats than JPEG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.preprocess import decode
from trainer.photos.drawn_flowers import draw_flower
from trainer.photos.look import look_of, make_look


@pytest.mark.parametrize("ending", ["heic", "avif", "jpg"])
def test_a_photo_of_each_format_has_a_look(tmp_path: Path, ending: str) -> None:
    """What photos are compared by is the same for one picture as HEIC, AVIF and JPEG, its EXIF time included."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:01:31 12:00:00"
    path = tmp_path / f"photo.{ending}"
    draw_flower("daisy", 3, 800).save(path, quality=90, exif=exif.tobytes())
    content = path.read_bytes()
    look = look_of(content, decode(content, (128, 128)), (128, 128))
    assert look.taken_s == 1706702400
    assert np.abs(np.subtract(look.pixels, make_look(draw_flower("daisy", 3, 800)).pixels, dtype=int)).mean() < 2
