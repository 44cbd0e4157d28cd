"""Pictures in the three colours that the tiny models of ``tests/data`` know, and files of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

COLOURS = {"blue": (40, 60, 220), "green": (60, 200, 60), "red": (220, 40, 40)}
"""Label -> RGB; both tiny models are sure of each."""


def plain(label: str, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A picture in the one colour of ``label``."""
    return Image.new("RGB", size, COLOURS[label])


def ramp(size: tuple[int, int]) -> Image.Image:
    """A smooth picture whose every corner differs: red grows to the right, green downwards, blue falls."""
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (across, down, across.point(lambda value: 255 - value)))


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    """The bytes of ``picture`` in a file of the format ``form``."""
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def fill(folder: Path, *names: str) -> Path:
    """Make ``folder`` with the PNG files ``names``, each in the colour that its name begins with."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        colour = next(label for label in COLOURS if name.startswith(label))
        (folder / name).write_bytes(encoded(plain(colour), "PNG"))
    return folder
